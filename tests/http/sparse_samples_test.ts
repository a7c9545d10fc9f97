// What a load shedder reads: little while memory is plentiful, everything before
// it rejects a request. The files are a made-up tree, the time is the test's.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { nodeFileIo } from "../../platform/file_io.ts";
import { type MemInfo, MiB } from "../../mod.ts";
import { healthReport, LoadShedder, type ShedOptions } from "../../http.ts";
import { readShedOptions } from "../../src/http/settings.ts";
import { ManualClock } from "../../testing.ts";
import { withTempFolder } from "../support/temp.ts";

const LIMIT = 100 * MiB;
const { read } = nodeFileIo;
let reads = 0;

beforeEach(() => {
  reads = 0;
  nodeFileIo.read = (fd, into) => {
    reads++;
    return read(fd, into);
  };
});

afterEach(() => {
  nodeFileIo.read = read;
});

/** Runs `use` with a shedder in a container with this usage, of which some is page cache. */
function inContainer(
  options: Omit<ShedOptions, "sampler" | "root" | "usage" | "adapter">,
  use: (shedder: LoadShedder, set: (current: number, cache?: number) => void) => void,
): Promise<void> {
  return withTempFolder((root) => {
    const write = (file: string, text: string) => {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), text);
    };
    const set = (current: number, cache = 0) => {
      write("sys/fs/cgroup/memory.current", `${current}\n`);
      write("sys/fs/cgroup/memory.stat", `inactive_file ${cache}\n`);
    };
    write("proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 524288 kB\n");
    write("proc/self/status", "VmRSS: 4096 kB\n");
    write("proc/self/cgroup", "0::/\n");
    write("proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write("sys/fs/cgroup/memory.max", `${LIMIT}\n`);
    set(10 * MiB);
    const clock = new ManualClock();
    const shedder = new LoadShedder({ ...options, root, clock, maxAge: 0, collect: false });
    shedder.admit({ url: "/first" });
    reads = 0;
    use(shedder, set);
    shedder.close();
  });
}

describe("a load shedder", () => {
  it("reads limit and usage while memory is plentiful", () =>
    inContainer({ headroom: "10%" }, (shedder, set) => {
      for (const current of [0, 50, 85]) {
        set(current * MiB, MiB);
        reads = 0;
        assert.equal(shedder.admit({ url: "/" }).admitted, true);
        assert.equal(reads, 2, `${current} MiB`);
      }
    }));

  it("reads the working set once usage alone might be too much, and admits by it", () =>
    inContainer({ headroom: "10%" }, (shedder, set) => {
      set(95 * MiB, 50 * MiB);
      assert.equal(shedder.admit({ url: "/" }).admitted, true);
      assert.equal(reads, 3);
      assert.equal(shedder.level, "normal");
    }));

  it("reads everything before it rejects, and tells its hooks everything", async () => {
    const infos: (MemInfo | undefined)[] = [];
    await inContainer({
      headroom: "10%",
      trial: false,
      onRejected: (_, __, info) => infos.push(info),
    }, (shedder, set) => {
      set(95 * MiB);
      assert.equal(shedder.admit({ url: "/" }).admitted, false);
    });
    assert.equal(infos.length, 1);
    assert.equal(infos[0]!.processRss, 4 * MiB);
    assert.equal(infos[0]!.systemTotal, 1024 * MiB);
  });

  it("reserves memory by the working set before it rejects", () =>
    inContainer({ headroom: "10%", perRequest: 20 * MiB }, (shedder, set) => {
      set(60 * MiB, 50 * MiB);
      const admitted = [1, 2, 3, 4, 5].map(() => shedder.admit({ url: "/" }).admitted);
      // 100 MiB less 10 MiB in use, 10 MiB of headroom and 20 MiB for the first one.
      assert.deepEqual(admitted, [true, true, true, false, false]);
    }));

  it("counts consecutive samples once each, also where it reads the rest after", () =>
    inContainer({ headroom: "10%", sustain: 3, inFlight: 2, trial: false }, (shedder, set) => {
      set(95 * MiB);
      shedder.admit({ url: "/" });
      assert.equal(shedder.level, "short");
      set(10 * MiB);
      for (const level of ["short", "short", "normal"]) {
        shedder.admit({ url: "/" });
        assert.equal(shedder.level, level);
      }
    }));

  it("reads the resident set where that has a maximum", () =>
    inContainer({ headroom: "10%", maxRss: 3 * MiB, trial: false }, (shedder) => {
      assert.equal(shedder.admit({ url: "/" }).admitted, false);
      assert.equal(shedder.closedBy, "rss");
    }));

  it("reads the heap where that has a maximum", () =>
    inContainer({ headroom: "10%", maxHeapUsed: 1, trial: false }, (shedder) => {
      assert.equal(shedder.admit({ url: "/" }).admitted, false);
      assert.equal(shedder.closedBy, "heapUsed");
    }));

  it("needs headroom, and the figures that have a maximum", () => {
    const fields = (options: ShedOptions) => readShedOptions(options).memory.fields;
    assert.deepEqual(fields({}), ["headroom"]);
    assert.deepEqual(fields({ maxRss: "50%" }), ["headroom", "processRss"]);
    assert.deepEqual(fields({ maxHeapUsed: "50%" }), ["headroom", "heapUsed", "heapLimit"]);
  });

  it("reports every figure", () =>
    inContainer({ headroom: "10%" }, (shedder) => {
      shedder.admit({ url: "/" });
      const { usage, limit, rss } = healthReport(shedder);
      assert.deepEqual([usage, limit, rss], [10 * MiB, LIMIT, 4 * MiB]);
    }));

  it("refuses to be told the fields", () => {
    assert.throws(() => new LoadShedder({ fields: ["headroom"] } as ShedOptions), {
      name: "TypeError",
      message: /^'fields' is not an option of a load shedder.*: current value is an array$/,
    });
  });
});
