// The npm package as its users get it: `deno task test:package`. Takes about
// a minute the first time, because it installs TypeScript and two more
// versions of Node below `.cache`.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { counted, countTests } from "../support/counts.ts";
import { findRuntimes } from "../support/runtimes.ts";

const node = findRuntimes().find(({ name }) => name === "node")?.command[0];
if (node === undefined) {
  console.error("no node that can run the test");
  process.exit(1);
}
const file = fileURLToPath(new URL("package_test.ts", import.meta.url));
const { status, stdout, stderr } = spawnSync(node, ["--test", "--test-reporter=spec", file], {
  encoding: "utf8",
  env: {
    ...process.env,
    ...("Deno" in globalThis && { MEMCTL_TEST_DENO: process.execPath }),
    NO_COLOR: "1",
  },
});
const counts = countTests(stdout);
if (status !== 0) counts.failed ||= 1;
console.log(`${stdout}${stderr}`);
console.log(counted(counts));
process.exit(counts.failed === 0 ? 0 : 1);
