// A server that holds 5 MB for each request while it waits, as if for a database.
// Arguments: "bare" or "shed", milliseconds to wait, and options of `shed` as JSON.
// Prints its port.

import type http from "node:http";
import process from "node:process";
import { LoadShedder, type RequestLike, shed, type ShedOptions } from "../../../http.ts";
import { MiB } from "../../../mod.ts";
import { serve } from "../serve.ts";

const BYTES = 5_000_000;
const WAIT = Number(process.argv[3] ?? 200);

const options: ShedOptions<RequestLike> = {
  headroom: 64 * MiB,
  perRequest: { bytes: BYTES, within: 50 },
  ...JSON.parse(process.argv[4] ?? "{}"),
};

async function hold(): Promise<string> {
  const held = new Uint8Array(BYTES).fill(1);
  await new Promise((resolve) => setTimeout(resolve, WAIT));
  return `${held.length}\n`;
}

const shedding = process.argv[2] === "shed";
serve(web, node);

function web(): (request: Request) => Response | Promise<Response> {
  const answer = async () => new Response(await hold());
  return shedding ? shed(answer, options) : answer;
}

function node(): http.RequestListener {
  const shedder = shedding ? new LoadShedder(options) : undefined;
  return async (request, response) => {
    const admission = shedder?.admit(request);
    if (admission?.admitted === false) {
      response.writeHead(admission.status, admission.headers).end(JSON.stringify(admission.body));
      return;
    }
    const text = await hold();
    admission?.release();
    response.end(text);
  };
}
