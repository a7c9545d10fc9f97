// Where the watchdog meets platform/.

export { type GcTimeListener, observeGcTime } from "../../platform/gc_time.ts";
export { claimHeapGrowth, type HeapGrowth } from "../../platform/heap_growth.ts";
export {
  prepareSnapshotFolder,
  snapshotNeeds,
  writeSnapshot,
} from "../../platform/heap_snapshot.ts";
export { type IsolateChannel, openIsolateChannel } from "../../platform/isolate_channel.ts";
