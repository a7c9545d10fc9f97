/**
 * The command line: what this process may know of its memory, memory as it
 * goes, and a chart of it.
 *
 * ```sh
 * deno run -A jsr:@x/memctl/cli doctor
 * deno run -A jsr:@x/memctl/cli watch
 * deno run -A jsr:@x/memctl/cli watch --json --count 60 > run.jsonl
 * deno run -A jsr:@x/memctl/cli plot run.jsonl --output run.svg
 * ```
 *
 * @module
 */

import { exitWith, openTerminal, programArguments } from "./src/host/terminal.ts";
import { main } from "./src/cli/main.ts";

exitWith(await main(programArguments(), openTerminal()));
