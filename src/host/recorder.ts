// Where the flight recorder meets platform/.

export { onProcessEnd } from "../../platform/noticed_end.ts";
export { newBuffer, openRecordFile, readRecordFile } from "../../platform/record_file.ts";
export {
  cgroupAt,
  heapCeiling,
  isAlive,
  oomKillsOf,
  thisProcess,
} from "../../platform/run_identity.ts";
export { runtimeVersion } from "../../platform/runtime_version.ts";
