// The types of snapshots and samplers. Every entry point whose functions sample
// exports them, so that its users need no second import.

export type {
  MemInfo,
  MemInfoInit,
  MemInfoJson,
  MemoryPressure,
  PressureFigures,
  SignalName,
  Tightest,
} from "./mem_info.ts";
export type {
  AdapterName,
  Sampler,
  SamplerOptions,
  SamplerSource,
  Signal,
  Signals,
  Usage,
} from "./sampler.ts";
