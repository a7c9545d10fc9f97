// Where retiring meets platform/.

export { readActiveFile } from "../../platform/linux/memory_stat.ts";
export { exitProcess, isMainThread, onSignals } from "../../platform/process_end.ts";
export { ownIdentity, type ProcessIdentity, stillRuns } from "../../platform/process_identity.ts";
export { findReleaseGc } from "../../platform/release_gc.ts";
export {
  createFile,
  listFiles,
  prepareTurnFolder,
  readFile,
  removeFile,
  type TurnFile,
} from "../../platform/turn_files.ts";
