// Runs a watchdog for some seconds in a process that does nothing else. Argument:
// the folder that holds `proc` and `sys`. Prints a line when the watchdog has had
// time to fall asleep, and another one after a second more.

import process from "node:process";
import { cgroupDriven } from "../../../watchdog.ts";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const dog = cgroupDriven({ root: process.argv[2] });
await pause(2_500);
process.stdout.write("asleep\n");
await pause(4_000);
process.stdout.write("done\n");
dog.stop();
