// Environment variables and standard error, for code that must not get in the
// way of the program.

import fs from "node:fs";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import type { Surroundings } from "../src/auto/surroundings.ts";
import { isPermitted } from "./deno.ts";

/** Those of this process. */
export const surroundings: Surroundings = {
  isMainThread,
  variable: (name) => isPermitted({ name: "env", variable: name }) ? process.env[name] : undefined,
  writeError(text) {
    try {
      fs.writeSync(2, text);
    } catch {
      // There is no further place to report it, and waiting for the reader would stop the program.
    }
  },
};
