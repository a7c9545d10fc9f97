// Where the watchdog meets platform/.

export {
  type AllocationProfile,
  type ProfileResult,
  startAllocationProfile,
} from "../../platform/allocation_profile.ts";
export { type GcTimeListener, observeGcTime } from "../../platform/gc_time.ts";
export { claimHeapGrowth, type HeapGrowth } from "../../platform/heap_growth.ts";
export { snapshotNeeds, writeSnapshot } from "../../platform/heap_snapshot.ts";
export {
  ensureFolder,
  type KeptLimits,
  keptName,
  prepareFolder,
  writeKept,
} from "../../platform/kept_files.ts";
export { type IsolateChannel, openIsolateChannel } from "../../platform/isolate_channel.ts";
export {
  type Figures,
  type ProcessFacts,
  readObjectTypes,
  readProcessFacts,
} from "../../platform/process_facts.ts";
