// Where the watchdog meets platform/. Apart from host.ts, so that who only
// watches does not load it.

export { findHeapGrowth, type HeapGrowth } from "../platform/heap_growth.ts";
export { prepareSnapshotFolder, snapshotNeeds, writeSnapshot } from "../platform/heap_snapshot.ts";
