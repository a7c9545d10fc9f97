// What the workloads of the never-worse bench begin and end with: their sizes
// from the command line, and the CPU time.

import process from "node:process";
import { args, finish } from "./start.ts";

/** Mebibytes or batches that are live at any time. */
export const live: number = Math.max(1, Number(args[0]));
/** How much is done in all, in the workload's own unit. */
export const work: number = Number(args[1]);

/** Reports the CPU time and the rest, and lets the process end. */
export function end(): void {
  const { user, system } = process.cpuUsage();
  console.log(`cpu ${Math.round((user + system) / 1000)}`);
  finish();
}
