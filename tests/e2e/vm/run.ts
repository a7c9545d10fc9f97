// Boots a throwaway Linux with cgroup v2 under QEMU, runs the e2e files in it
// on Deno, Bun and Node, and counts: `deno task test:vm`. Software emulation,
// so it needs no virtualisation; x86-64 and Debian's packages.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
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

const { stdout, signal } = spawnSync("qemu-system-x86_64", [
  ..."-M microvm,pit=on,pic=on,rtc=on,isa-serial=on -cpu max -m 4G -smp 2".split(" "),
  ..."-nographic -no-reboot -nodefaults -serial stdio".split(" "),
  "-kernel",
  kernel(),
  "-initrd",
  initrd(runtimes, root),
  "-append",
  "console=ttyS0 quiet panic=-1 psi=1",
], {
  encoding: "utf8",
  timeout: TIMEOUT,
  maxBuffer: 1 << 28,
  stdio: ["ignore", "pipe", "inherit"],
});

const output = stdout.replaceAll("\r", "");
let passed = 0;
let failed = 0;
let skipped = 0;
let sections = 0;
for (const [, name, text, status] of output.matchAll(/^BEGIN (\w+)$([^]*?)^END (\d+)$/gm)) {
  sections++;
  const counts = countTests(text!);
  const bad = Math.max(counts.failed, status === "0" && counts.passed > 0 ? 0 : 1);
  console.log(
    `${bad > 0 ? "FAILED" : "ok"}  test machine, ${name}: ${counts.passed} passed, ${bad} failed` +
      (counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""),
  );
  if (bad > 0) console.log(text);
  passed += counts.passed;
  failed += bad;
  skipped += counts.skipped;
}
if (sections < 4 || !output.includes("MACHINE done")) {
  console.log(output);
  console.log(`the test machine did not run to its end${signal ? ` (${signal})` : ""}`);
  failed++;
}
console.log();
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** The closing counts of Deno (steps), Bun or Node. */
function countTests(text: string): { passed: number; failed: number; skipped: number } {
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const deno = /^(?:ok|FAILED) \| (.*)$/m.exec(text)?.[1];
  if (deno !== undefined) {
    const of = (word: string) => {
      const match = new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`).exec(deno);
      return Number(match?.[2] ?? match?.[1] ?? 0);
    };
    return { passed: of("passed"), failed: of("failed"), skipped: of("ignored") };
  }
  return {
    passed: number(/^ℹ pass (\d+)$/m) || number(/^\s*(\d+) pass$/m),
    failed: number(/^ℹ fail (\d+)$/m) || number(/^\s*(\d+) fail$/m),
    skipped: number(/^ℹ skipped (\d+)$/m) || number(/^\s*(\d+) skip$/m),
  };
}
