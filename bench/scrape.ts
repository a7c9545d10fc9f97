// What one scrape of @x/memctl/prometheus costs, part by part, in each runtime:
// `deno task bench:scrape`. Prints a Markdown table of microseconds.

import { findRuntimes } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const runtimes = findRuntimes();
const costs = runtimes.map((runtime) =>
  runJson<Record<string, number>>(runtime, "scrape_program.ts", [])
);
const rows = Object.keys(costs[0]!).map((
  name,
) => [name, ...costs.map((cost) => cost[name]!.toFixed(0))]);
console.log(`${occasion()}; microseconds of CPU time, medians of 60, with cold caches.\n`);
console.log(markdown([["", ...runtimes.map(title)], ...rows]));
