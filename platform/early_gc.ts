// A garbage collection that the engine does beside the program.

/**
 * More than V8 lets memory grow by before it collects, whatever the heap's size.
 * The buffer is never touched, so it takes address space and no memory.
 */
const UNTOUCHED = 1024 * 1024 * 1024;

/** Asks the engine to begin a collection; returns whether it could be asked. */
export type RequestGc = () => boolean;

/** The part of ArrayBuffer that TypeScript's library may not know. */
interface Transferable {
  transfer?(length: number): ArrayBuffer;
}

/**
 * This engine's way to begin a collection without stopping the program for all
 * of it, or `undefined` if it has none.
 *
 * V8 begins to mark, mostly on other threads, when its heap and the memory of
 * buffers have grown past a limit. A buffer that is made and given up at once
 * counts as such growth. The forced collection that Deno offers at run time shrinks
 * the heap to its minimum instead, and the program is slower for long after it.
 *
 * Node has an ordinary forced collection of 12 to 24 ms. Its older V8 answers
 * such a buffer with one that shrinks the heap (149 ms). Bun's engine is
 * another.
 */
export function findRequestGc(): RequestGc | undefined {
  if (!("Deno" in globalThis)) return undefined;
  if ((ArrayBuffer.prototype as Transferable).transfer === undefined) return undefined;
  return () => {
    try {
      (new ArrayBuffer(UNTOUCHED) as Transferable).transfer!(0);
      return true;
    } catch (error) {
      // No address space, as with a low `ulimit -v`.
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}
