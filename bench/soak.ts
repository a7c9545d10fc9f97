// A watch at 1 ms and a watchdog in each runtime under allocation load:
// `deno task soak [MINUTES]`. Reports what was missed, late and grown, and
// fails on growth, never on time.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";

/** Growth that is not noise: a leak of 100 bytes a sample is 5 MiB a minute. */
const MOST_HEAP = 8 * MiB;
const MOST_RSS = 64 * MiB;

const minutes = Number(process.argv[2] ?? 0.2);
if (!(minutes > 0)) {
  console.error(`'minutes' must be above 0: current value is ${process.argv[2]}`);
  process.exit(2);
}
const program = fileURLToPath(new URL("../tests/support/programs/soak.ts", import.meta.url));
let passed = 0;
let failed = 0;

console.log(
  "| runtime | seconds | samples | missed | merged | late p50 / p99 / max (ms) | heap | RSS | descriptors |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
for (const { name, command: [file, ...args] } of findRuntimes()) {
  const { stdout, stderr, status } = spawnSync(file!, [...args, program, String(minutes * 60)], {
    encoding: "utf8",
  });
  if (status !== 0) {
    console.log(`${name} ended with ${status}: ${stdout}${stderr}`);
    failed++;
    continue;
  }
  const { seconds, samples, missed, merged, late, growth, watchdog } = JSON.parse(stdout);
  const mib = (bytes: number) => `${bytes < 0 ? "" : "+"}${(bytes / MiB).toFixed(1)} MiB`;
  console.log(
    `| ${name} | ${seconds.toFixed(0)} | ${samples} | ${missed} | ${merged} | ` +
      `${late.p50} / ${late.p99} / ${late.max} | ` +
      `${mib(growth.heap)} | ${mib(growth.rss)} | ${growth.descriptors} |`,
  );
  const grown = growth.heap > MOST_HEAP || growth.rss > MOST_RSS || growth.descriptors > 0;
  if (grown || samples === 0 || watchdog !== "running") failed++;
  else passed++;
}
console.log();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
