// Boots a throwaway Linux with cgroup v2 under QEMU, runs the e2e files in it
// on Deno, Bun and Node, and counts: `deno task test:vm`. Software emulation,
// so it needs no virtualisation; x86-64 and Debian's packages.

import process from "node:process";
import { counted, type Counts, countTests } from "../../support/counts.ts";
import { prepareMachine, runMachine } from "./machine.ts";

const image = prepareMachine();
let result = await run();
if (result.failed > 0) {
  console.log("\nOnce more, since an emulated processor can be at fault:\n");
  result = await run();
}
console.log();
console.log(counted(result));
process.exit(result.failed === 0 && result.passed > 0 ? 0 : 1);

/** Boots it, lets it run to its end, and counts what its sections printed. */
async function run(): Promise<Counts> {
  const { output, signal } = await runMachine(image);
  const all: Counts = { passed: 0, failed: 0, skipped: 0 };
  let sections = 0;
  for (const [, name, text, status] of output.matchAll(/^BEGIN (\w+)$([^]*?)^END (\d+)$/gm)) {
    sections++;
    const counts = countTests(text!);
    if (status !== "0" || counts.passed === 0) counts.failed ||= 1;
    console.log(
      `${counts.failed > 0 ? "FAILED" : "ok"}  test machine, ${name}: ${counted(counts)}`,
    );
    if (counts.failed > 0) console.log(text);
    all.passed += counts.passed;
    all.failed += counts.failed;
    all.skipped += counts.skipped;
  }
  if (sections < 5 || !output.includes("MACHINE done")) {
    console.log(output);
    console.log(`the test machine did not run to its end${signal ? ` (${signal})` : ""}`);
    all.failed++;
  }
  return all;
}
