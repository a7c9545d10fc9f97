// A full collection that returns free pages to the kernel where it can.

import { findForceGc } from "./force_gc.ts";

/**
 * The way of this runtime, or `undefined` if it has none. `Bun.gc(true)` returns
 * free pages. In Deno and Node, V8 does so for its heap shortly after.
 */
export function findReleaseGc(): (() => void) | undefined {
  const { Bun } = globalThis as { Bun?: { gc(synchronous: boolean): unknown } };
  return Bun === undefined ? findForceGc() : () => void Bun.gc(true);
}
