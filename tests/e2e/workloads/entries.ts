// Small entries, and a turn of the event loop. This file starts nothing, so that
// worker threads can import it.

/** Entries that together are as large as one batch. */
export const ENTRIES_PER_BATCH = 8;

const OBJECTS_PER_BATCH = 6_000;

/** One eighth of a batch. */
export function makeEntry(seed: number): unknown[] {
  const entry: unknown[] = [];
  for (let i = 0; i < OBJECTS_PER_BATCH / ENTRIES_PER_BATCH; i++) {
    entry.push({ seed, i, pad: [i, seed, i, i, i, i, i, i] });
  }
  return entry;
}

/** Lets timers and the event loop run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
