// memory.stat of a cgroup, read now and then.

import path from "node:path";
import { nodeFileIo } from "../file_io.ts";
import { key } from "./digits.ts";
import { parseStat } from "./cgroup_files.ts";

/** On version 1, the figure of the group and of all below it has another name. */
const NAMES = [key("total_active_file"), key("active_file")];

/**
 * Active page cache in bytes, which the kernel drops as well, if later than
 * inactive page cache; `undefined`: unknown.
 *
 * @param usageFile The path of the file that tells the usage of the same group.
 */
export function readActiveFile(usageFile: string): number | undefined {
  let data: Uint8Array;
  try {
    data = nodeFileIo.readAll(path.join(path.dirname(usageFile), "memory.stat"));
  } catch {
    // The group has no such file, or may not be read: the caller goes without.
    return undefined;
  }
  for (const name of NAMES) {
    const bytes = parseStat(data, data.length, name);
    if (bytes !== undefined) return bytes;
  }
  return undefined;
}
