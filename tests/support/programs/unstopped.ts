// A watchdog that is not stopped; the process must end by itself.

import { watchdog } from "../../../watchdog.ts";

console.log(watchdog().state);
