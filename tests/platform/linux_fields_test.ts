// A sampler that was asked for one field gives that field and no other.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import { wantedOf } from "../../src/fields.ts";
import { SIGNAL_NAMES, type SignalName } from "../../src/mem_info.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOP = "sys/fs/cgroup";
const FILES = {
  "proc/meminfo": MEMINFO,
  "proc/self/status": "VmRSS: 4096 kB\n",
  "proc/self/cgroup": "0::/\n",
  "proc/self/mountinfo": `30 24 0:26 / /${TOP} rw - cgroup2 cgroup2 rw\n`,
  "proc/pressure/memory": ["some", "full"]
    .map((name) => `${name} avg10=0.00 avg60=0.00 avg300=0.00 total=1\n`).join(""),
  [`${TOP}/memory.max`]: `${300 * MiB}\n`,
  [`${TOP}/memory.current`]: `${100 * MiB}\n`,
  [`${TOP}/memory.stat`]: `inactive_file ${30 * MiB}\n`,
};

const engine = openEngine({
  heapStatistics: () =>
    ({
      total_heap_size: 40,
      external_memory: 2,
      used_heap_size: 30,
      heap_size_limit: 90,
    }) as never,
});

/** The fields of a snapshot, after one of all fields. */
function known(fields: readonly SignalName[]): SignalName[] {
  const reader = new LinuxReader("", new MemoryIo(FILES), engine);
  const all = { usage: "workingSet", pressure: true } as const;
  reader.sample(reader.readingOf(wantedOf(all)), Infinity);
  const info = reader.sample(reader.readingOf(wantedOf({ fields })), Infinity);
  reader.close();
  return SIGNAL_NAMES.filter((name) => info[name] !== undefined);
}

describe("a snapshot of one field", () => {
  for (const name of SIGNAL_NAMES) {
    it(`has ${name} and nothing else`, () => assert.deepEqual(known([name]), [name]));
  }
});

describe("a snapshot of several fields", () => {
  it("has each of them", () => assert.deepEqual(known(SIGNAL_NAMES), [...SIGNAL_NAMES]));
});
