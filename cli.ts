/**
 * The command line: inspects the memory of a process, draws charts of it, and
 * starts commands whose heap fits the memory limit.
 *
 * ```sh
 * deno run -A jsr:@x/memctl/cli doctor
 * deno run -A jsr:@x/memctl/cli watch
 * deno run -A jsr:@x/memctl/cli watch --json --count 60 > run.jsonl
 * deno run -A jsr:@x/memctl/cli plot run.jsonl --output run.svg
 * deno run -A jsr:@x/memctl/cli plan
 * deno run -A jsr:@x/memctl/cli exec -- node server.js
 * ```
 *
 * @module
 */

import { exitWith, openTerminal, programArguments } from "./src/host/terminal.ts";
import { lazily } from "./src/cli/lazily.ts";
import { main } from "./src/cli/main.ts";

exitWith(await main(programArguments(), lazily(openTerminal)));
