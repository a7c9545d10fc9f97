// The fleet, in Node: `deno task test:fleet`. Takes about four minutes.

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted, countTests } from "../support/counts.ts";
import { findRuntimes } from "../support/runtimes.ts";

const node = findRuntimes().find(({ name }) => name === "node")?.command[0];
if (node === undefined) {
  console.error("no node that can run the test");
  process.exit(1);
}
const file = fileURLToPath(new URL("fleet_test.ts", import.meta.url));
const child = spawn(node, ["--test", "--test-reporter=spec", file], {
  env: {
    ...process.env,
    ...("Deno" in globalThis && { MEMCTL_TEST_DENO: process.execPath }),
    NO_COLOR: "1",
  },
  stdio: ["ignore", "pipe", "inherit"],
});
let output = "";
child.stdout.setEncoding("utf8");
child.stdout.on("data", (text: string) => {
  output += text;
  process.stdout.write(text);
});
child.on("close", (status) => {
  const counts = countTests(output);
  if (status !== 0 || counts.passed === 0) counts.failed ||= 1;
  // Node counts no test of a suite that is skipped as one.
  if (/^\ufe63 a fleet /m.test(output)) counts.skipped ||= 1;
  console.log(counted(counts));
  process.exit(counts.failed === 0 ? 0 : 1);
});
