// A full collection at will, without any flag at start-up.

import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";

/** Collects all garbage before it returns. */
export type ForceGc = () => void;

interface Globals {
  Bun?: { gc(synchronous: boolean): unknown };
  gc?: () => unknown;
}

/** The part of `bun:jsc` that is used. */
interface Jsc {
  gcAndSweep?: () => unknown;
}

/**
 * This runtime's way to collect, or `undefined` if it has none: that of Bun's
 * engine, the global gc of --expose-gc, or the function that V8 puts into every
 * new context once that flag is set, which works at run time too.
 */
export function findForceGc(): ForceGc | undefined {
  const { Bun, gc } = globalThis as Globals;
  if (Bun !== undefined) return findBunGc(Bun);
  if (gc !== undefined) return () => void gc();
  v8.setFlagsFromString("--expose-gc");
  const found: unknown = vm.runInNewContext("globalThis.gc");
  v8.setFlagsFromString("--no-expose-gc");
  return typeof found === "function" ? () => void found() : undefined;
}

/**
 * `Bun.gc(true)` also returns every free page to the kernel. A program that goes
 * on allocating must fault them in again, which took two to three times its own
 * CPU time (bench:never-worse, buffers). `gcAndSweep()` frees as much and keeps
 * the pages for reuse.
 */
function findBunGc(Bun: NonNullable<Globals["Bun"]>): ForceGc {
  const jsc = process.getBuiltinModule?.("bun:jsc") as Jsc | undefined;
  const { gcAndSweep } = jsc ?? {};
  return gcAndSweep === undefined ? () => void Bun.gc(true) : () => void gcAndSweep();
}
