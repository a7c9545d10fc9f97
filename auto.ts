/**
 * Starts the watchdog with its defaults when it is imported, for programs that
 * cannot be changed.
 *
 * ```sh
 * node --import @x/memctl/auto server.js
 * bun --preload @x/memctl/auto server.ts
 * deno run -A --preload=jsr:@x/memctl/auto server.ts
 * ```
 *
 * `memctl exec --watchdog -- COMMAND` adds the flag.
 *
 * Without a memory limit it does nothing. The variables `MEMCTL_*` configure
 * it; docs/auto.md has the list. It never throws, never keeps the process
 * alive, and never prompts. It prints one line if a variable is malformed, if
 * the limit cannot be read, or if the watchdog cannot start.
 *
 * A call of `watchdog()` takes over: the watchdog that this module has started
 * stops.
 *
 * @module
 */

import { startAuto } from "./src/auto/start_auto.ts";
import { surroundings } from "./src/host/surroundings.ts";

startAuto(surroundings);
