// A full collection at will, without any flag at start-up.

import v8 from "node:v8";
import vm from "node:vm";

/** Collects all garbage before it returns. */
export type ForceGc = () => void;

interface Globals {
  Bun?: { gc(synchronous: boolean): unknown };
  gc?: () => unknown;
}

/**
 * This runtime's way to collect, or `undefined` if it has none: Bun.gc, the
 * global gc of --expose-gc, or the function that V8 puts into every new
 * context once that flag is set, which works at run time too.
 */
export function findForceGc(): ForceGc | undefined {
  const { Bun, gc } = globalThis as Globals;
  if (Bun !== undefined) return () => void Bun.gc(true);
  if (gc !== undefined) return () => void gc();
  v8.setFlagsFromString("--expose-gc");
  const found: unknown = vm.runInNewContext("globalThis.gc");
  v8.setFlagsFromString("--no-expose-gc");
  return typeof found === "function" ? () => void found() : undefined;
}
