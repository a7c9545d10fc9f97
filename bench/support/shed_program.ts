// Calls a handler without load shedding, with it, and with perRequest.within.
// Prints one JSON object: microseconds per request, medians.

import { shed } from "../../http.ts";
import { median } from "../../tests/support/numbers.ts";

/** Microseconds per request. */
export interface ShedCost {
  without: number;
  with: number;
  within: number;
}

const ROUNDS = 15;
const REQUESTS = 20_000;

const request = new Request("http://localhost/orders");
const response = new Response("hello");
const handler = () => response;
const contestants = {
  without: handler as (request: Request) => unknown,
  with: shed(handler) as (request: Request) => unknown,
  within: shed(handler, { perRequest: { bytes: 1, within: 50 } }) as (request: Request) => unknown,
};
const times: Record<keyof ShedCost, number[]> = { without: [], with: [], within: [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const name of Object.keys(contestants) as (keyof ShedCost)[]) {
    const ask = contestants[name];
    const start = performance.now();
    for (let i = 0; i < REQUESTS; i++) ask(request);
    times[name].push((performance.now() - start) * 1_000 / REQUESTS);
    // Timers get their turn, as between requests.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
console.log(
  JSON.stringify(
    {
      without: median(times.without),
      with: median(times.with),
      within: median(times.within),
    } satisfies ShedCost,
  ),
);
