// Boots a throwaway Linux with cgroup v2 under QEMU, runs the e2e files in it
// on Deno, Bun and Node, and counts: `deno task test:vm`. Software emulation,
// so it needs no virtualisation; x86-64 and Debian's packages.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted, type Counts, countTests } from "../../support/counts.ts";
import { findRuntimes } from "../../support/runtimes.ts";
import { initrd, kernel, missingPackages } from "./image.ts";

const TIMEOUT = 20 * 60_000;

const missing = missingPackages();
if (missing !== undefined) {
  console.error(`the test machine needs programs that are not here: ${missing}`);
  process.exit(1);
}
const runtimes = findRuntimes();
if (runtimes.length < 3) {
  console.error(
    `the test machine needs deno, bun and node: here are ${runtimes.map((r) => r.name)}`,
  );
  process.exit(1);
}
const root = fileURLToPath(new URL("../../..", import.meta.url));

const image = initrd(runtimes, root);
const machine = [
  ..."-M microvm,pit=on,pic=on,rtc=on,isa-serial=on -cpu max -m 4G -smp 2".split(" "),
  // One host thread for both processors: with two, Node died of a memory fault
  // in about one start of fifty, before it printed anything.
  ..."-accel tcg,thread=single".split(" "),
  ..."-nographic -no-reboot -nodefaults -serial stdio".split(" "),
  "-kernel",
  kernel(),
  "-initrd",
  image,
  "-append",
  "console=ttyS0 quiet panic=-1 psi=1",
];

let result = boot();
if (result.failed > 0) {
  console.log("\nOnce more, since an emulated processor can be at fault:\n");
  result = boot();
}
console.log();
console.log(counted(result));
process.exit(result.failed === 0 && result.passed > 0 ? 0 : 1);

/** Boots it, lets it run to its end, and counts what its sections printed. */
function boot(): Counts {
  const { stdout, signal } = spawnSync("qemu-system-x86_64", machine, {
    encoding: "utf8",
    timeout: TIMEOUT,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = stdout.replaceAll("\r", "");
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
