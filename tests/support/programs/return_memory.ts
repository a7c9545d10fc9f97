// Tells whether free memory can be returned, tries it, and tells whether the
// process is still there. Arguments: "listen" adds a listener of the program's
// own; "variable" sets Deno's variable at run time.

import process from "node:process";
import { findReturnMemory, readAnonymousMemory } from "../../../platform/returned_memory.ts";

/** What it prints. */
export interface ReturnedMemory {
  name?: string;
  problem?: string;
  /** Signals that reached the program's own listener. */
  heard: number;
  /** Bytes. */
  before: number | undefined;
  after: number | undefined;
}

const wishes = process.argv.slice(2);
let heard = 0;
if (wishes.includes("variable")) process.env.DENO_USR2_MEMORY_TRIM = "1";
if (wishes.includes("listen")) process.on("SIGUSR2", () => heard++);
const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));
// Deno begins to listen some time after the start.
if ("Deno" in globalThis) await pause(200);
const held = Array.from({ length: 1_500 }, () => Buffer.allocUnsafeSlow(60_000).fill(1));
const kept = held.filter((_, i) => i % 50 === 0);
held.length = 0;
if ("Bun" in globalThis) {
  (process.getBuiltinModule("bun:jsc") as { gcAndSweep(): void }).gcAndSweep();
} else (await import("../../../platform/force_gc.ts")).findForceGc()!();
const way = findReturnMemory();
const before = readAnonymousMemory();
if ("run" in way) way.run();
await pause("Deno" in globalThis ? 200 : 0);
const after = readAnonymousMemory();
console.log(
  JSON.stringify(
    {
      ...("problem" in way ? { problem: way.problem } : { name: way.name }),
      heard,
      before,
      after,
    } satisfies ReturnedMemory,
  ),
);
if (kept.length === 0) throw new Error("nothing was kept");
process.exit(0);
