// What one sample does, part by part.

import fs from "node:fs";
import process from "node:process";
import v8 from "node:v8";
import { MemInfo } from "../../mod.ts";
import { WholeBuffer } from "../../platform/kernel_file.ts";
import { parseLimit, parseUsage } from "../../platform/linux/cgroup_files.ts";
import { parseMeminfo } from "../../platform/linux/proc_meminfo.ts";
import { parseStatmResident } from "../../platform/linux/proc_self_statm.ts";
import type { Contestant } from "./contestants.ts";

/** The reads, the engine's call, the parsing of what was read, the snapshot. */
export function parts(all: string[]): Contestant[] {
  const isBun = "Bun" in globalThis;
  const bytes = new WholeBuffer(16 * 1024);
  // Bun's call for the engine's figures has the resident set with them.
  const files = isBun ? all.filter((file) => !file.endsWith("statm")) : all;
  const fields = {
    at: Date.now(),
    systemAvailable: 2 ** 34,
    systemTotal: 2 ** 35,
    processRss: 2 ** 26,
    runtimeTotal: 2 ** 24,
    heapUsed: 2 ** 23,
    cgroupCurrent: 2 ** 27,
    cgroupLimit: 2 ** 29,
  };
  return [
    ...files.map((file) => {
      const fd = fs.openSync(file, "r");
      return {
        name: `read ${shortened(file, all.indexOf(file))}`,
        ask: () => fs.readSync(fd, bytes, 0, bytes.length, 0),
      };
    }),
    isBun
      ? { name: "the engine's figures", ask: () => process.memoryUsage().heapTotal }
      : { name: "the engine's figures", ask: () => v8.getHeapStatistics().used_heap_size },
    ...files.map((file) => {
      const data = fs.readFileSync(file);
      const parse = parserOf(file);
      return {
        name: `parse ${shortened(file, all.indexOf(file))}`,
        ask: () => parse(data, data.length),
      };
    }),
    { name: "make the snapshot", ask: () => new MemInfo(fields) },
  ];
}

function parserOf(file: string): (data: Uint8Array, length: number) => unknown {
  if (file.endsWith("statm")) return parseStatmResident;
  if (/limit_in_bytes$|max$/.test(file)) return parseLimit;
  if (!file.endsWith("meminfo")) return parseUsage;
  const out = { total: undefined, available: undefined };
  return (data, length) => parseMeminfo(data, length, out);
}

/** Without the folders; names that several levels have are told apart by their order. */
function shortened(file: string, i: number): string {
  return `${file.slice(file.lastIndexOf("/") + 1)}${file.startsWith("/sys") ? ` (${i})` : ""}`;
}
