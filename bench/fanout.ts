// Many watches in one process: `deno task bench:fanout [seconds]`, five per row.

import process from "node:process";
import { findRuntimes } from "../tests/support/runtimes.ts";
import type { Fanout } from "./support/fanout_program.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const seconds = Number(process.argv[2] ?? 5);
if (!(seconds > 0)) throw new RangeError(`seconds must be above 0, not ${process.argv[2]}`);

console.log(`${occasion()}; around one tick per second and watch, ${seconds} s per row.\n`);
for (const runtime of findRuntimes()) {
  const rows = [1, 10, 100, 1_000, 10_000].flatMap((count) =>
    (["same", "different"] as const).map((how) => {
      const found = runJson<Fanout>(
        runtime,
        "fanout_program.ts",
        [count, how, seconds * 1000],
        ["--expose-gc"],
      );
      return [
        count.toLocaleString("en"),
        how,
        count < 100 ? "–" : found.perCall.toFixed(1),
        String(found.descriptors),
        count < 100 ? "–" : found.heapPerWatch.toFixed(0),
      ];
    })
  );
  console.log(`**${title(runtime)}**\n`);
  console.log(markdown([
    ["watches", "intervals", "µs of CPU per call", "descriptors", "bytes of heap per watch"],
    ...rows,
  ]));
  console.log();
}
