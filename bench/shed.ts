// Measures the cost of load shedding per admitted and released request:
// `deno task bench:shed`. Prints a Markdown table.

import { findRuntimes } from "../tests/support/runtimes.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import type { ShedCost } from "./support/shed_program.ts";
import { markdown } from "./support/table.ts";

const rows = [["runtime", "without shed", "with shed", "with perRequest.within"]];
for (const runtime of findRuntimes()) {
  const cost = runJson<ShedCost>(runtime, "shed_program.ts", []);
  const figures = [cost.without, cost.with, cost.within].map((time) => time.toFixed(2));
  rows.push([title(runtime), ...figures]);
}
console.log(`${occasion()}; microseconds per request, medians.\n\n${markdown(rows)}`);
