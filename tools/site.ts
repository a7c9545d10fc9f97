// Builds the site of the API into .cache/site: `deno task docs:site`.

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { entryPoints } from "./api.ts";

const { status } = spawnSync(
  process.execPath,
  ["doc", "--html", "--name=memctl", "--output=.cache/site", ...entryPoints()],
  { cwd: fileURLToPath(new URL("..", import.meta.url)), stdio: "inherit" },
);
process.exitCode = status ?? 1;
