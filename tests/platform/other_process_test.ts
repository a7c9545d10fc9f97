// The option `pid`: another process's memory.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { type LinuxSampler, openProcessSampler } from "../../platform/linux/linux_sampler.ts";
import { parsePidStat, parseThreadGroup } from "../../platform/linux/proc_pid_stat.ts";
import { type MemInfo, MiB, openSampler, sample, samples, watch } from "../../mod.ts";
import { LoadShedder } from "../../http.ts";
import { cgroupDriven, watchdog } from "../../watchdog.ts";
import { MemoryIo } from "../support/memory_io.ts";
import { openDescriptors } from "../support/temp.ts";

const skip = process.platform !== "linux";

const STAT = (state: string, startTime: number, flags = 0x400000, name = "(a) b)") =>
  `7 (${name}) ${state} 1 7 7 0 -1 ${flags} 0 0 0 0 0 0 0 0 20 0 1 0 ${startTime} 0 0\n`;

/** A process in a cgroup of its own, which this one can see. */
const TREE = {
  "proc/meminfo": "MemTotal: 1048576 kB\nMemAvailable: 524288 kB\n",
  "proc/7/stat": STAT("S", 100),
  "proc/7/status": "Name:\ta\nTgid:\t7\nPid:\t7\nVmRSS: 102400 kB\n",
  "proc/7/cgroup": "0::/app\n",
  "proc/self/mountinfo": "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "sys/fs/cgroup/app/memory.max": `${300 * MiB}\n`,
  "sys/fs/cgroup/app/memory.current": `${200 * MiB}\n`,
  "sys/fs/cgroup/app/memory.pressure":
    "some avg10=1.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
};

const opened: LinuxSampler[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const sampler of opened.splice(0)) sampler.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function open(io: MemoryIo, pid = 7): LinuxSampler {
  const sampler = openProcessSampler(pid, { pressure: true }, io, false);
  opened.push(sampler);
  return sampler;
}

/** With its text changed. */
function set(io: MemoryIo, file: string, text: string): void {
  io.files.set(file, new TextEncoder().encode(text));
}

async function spawned(): Promise<ChildProcess & { pid: number }> {
  const child = spawn("sleep", ["60"]);
  children.push(child);
  await once(child, "spawn");
  return child as ChildProcess & { pid: number };
}

describe("/proc/PID/stat", () => {
  it("tells state, start time, and whether it is the kernel's, whatever the name holds", () => {
    for (const name of ["a", "a b", ") S 1", "(((", "\n"]) {
      const stat = parsePidStat(STAT("R", 12345, 0x200040, name));
      assert.deepEqual(stat, { state: "R", isKernelThread: true, startTime: "12345" }, name);
    }
    assert.equal(parsePidStat(STAT("R", 1))?.isKernelThread, false);
  });

  it("is refused when it was cut short", () => {
    const text = STAT("S", 1);
    for (const end of [0, 5, 12, 30, text.indexOf(" 1 0 0")]) {
      assert.equal(parsePidStat(text.slice(0, end)), undefined, text.slice(0, end));
    }
    assert.equal(parseThreadGroup("Name: x\n"), undefined);
  });
});

describe("a sampler of another process", () => {
  it("reads its cgroup, resident set and pressure, and no heap", () => {
    const sampler = open(new MemoryIo(TREE));
    const info = sampler.sample();
    assert.equal(info.headroom(), 100 * MiB);
    assert.equal(info.processRss, 100 * MiB);
    assert.equal(info.pressure?.some.avg10, 1);
    for (const name of ["heapUsed", "heapLimit", "runtimeTotal"] as const) {
      assert.equal(info[name], undefined);
      const { available, reason } = sampler.signals[name];
      assert.equal(available, false);
      assert.equal(reason, "the heap of another process cannot be read from outside");
    }
    assert.equal(sampler.signals.processRss.source, "/proc/7/status");
  });

  const gone: Record<string, (io: MemoryIo) => void> = {
    "is not there any more": (io) => io.files.delete("/proc/7/stat"),
    "is a zombie": (io) => set(io, "/proc/7/stat", STAT("Z", 100)),
    "has given its id to another one": (io) => set(io, "/proc/7/stat", STAT("S", 101)),
  };
  for (const [title, end] of Object.entries(gone)) {
    it(`says that it has ended when it ${title}`, () => {
      const io = new MemoryIo(TREE);
      const sampler = open(io);
      sampler.sample();
      end(io);
      for (let i = 0; i < 2; i++) {
        assert.throws(() => sampler.sample(), {
          name: "ProcessError",
          message: "process 7 has ended",
          pid: 7,
          reason: "ended",
        });
      }
    });
  }

  it("is that of the new process when it is opened after the id was reused", () => {
    const io = new MemoryIo(TREE);
    const before = open(io);
    set(io, "/proc/7/stat", STAT("S", 101));
    assert.equal(open(io).sample().processRss, 100 * MiB);
    assert.throws(() => before.sample(), { reason: "ended" });
  });

  it("goes on while the process cannot be told from its end", () => {
    const io = new MemoryIo(TREE);
    const sampler = open(io);
    for (const code of ["EMFILE", "EACCES"]) {
      io.failures.set("/proc/7/stat", code);
      assert.equal(sampler.sample().processRss, 100 * MiB);
    }
    io.failures.clear();
    set(io, "/proc/7/stat", "7 (x");
    assert.equal(sampler.sample().processRss, 100 * MiB);
  });

  it("is refused for the kernel's threads, other threads and processes out of sight", () => {
    const refused = (change: (io: MemoryIo) => void, error: object) => {
      const io = new MemoryIo(TREE);
      change(io);
      assert.throws(() => open(io), error);
      assert.equal(io.unclosed, 0);
    };
    refused((io) => set(io, "/proc/7/stat", STAT("S", 1, 0x200040)), {
      name: "RangeError",
      message: /^'pid' must be .* memory of its own: 7 is a thread of the kernel$/,
    });
    refused((io) => set(io, "/proc/7/status", "Tgid:\t5\n"), {
      name: "RangeError",
      message: /^'pid' must be that of a process: 7 is a thread of process 5$/,
    });
    refused((io) => io.failures.set("/proc/7/stat", "EACCES"), {
      name: "ProcessError",
      reason: "unreadable",
      message: "process 7 cannot be read: this user may not read /proc/7/stat",
    });
    refused((io) => set(io, "/proc/7/stat", "7 (x"), { reason: "unreadable" });
    refused((io) => set(io, "/proc/7/stat", STAT("Z", 1)), { reason: "ended" });
    refused((io) => io.files.delete("/proc/7/stat"), {
      name: "ProcessError",
      reason: "missing",
      message: /^there is no process 7 that this user may see: \/proc\/7\/stat does not exist$/,
    });
  });

  const OWN_VIEW = {
    "proc/7/root/sys/fs/cgroup/memory.max": `${50 * MiB}\n`,
    "proc/7/root/sys/fs/cgroup/memory.current": `${20 * MiB}\n`,
    "proc/7/mountinfo": "30 1 0:26 /../other /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "proc/7/cgroup": "0::/../other\n",
  };

  it("finds a cgroup outside of this namespace by the mounts of the process", () => {
    const sampler = open(new MemoryIo({ ...TREE, ...OWN_VIEW }));
    assert.equal(sampler.sample().headroom(), 30 * MiB);
    const source = "/proc/7/root/sys/fs/cgroup/memory.max";
    assert.equal(sampler.signals.cgroupLimit.source, source);
  });

  it("does not take this process's cgroup for one that it does not see", () => {
    const { "proc/7/mountinfo": _, ...hidden } = OWN_VIEW;
    for (const files of [hidden, { ...OWN_VIEW, "proc/7/mountinfo": "" }]) {
      const own = { "sys/fs/cgroup/memory.max": `${MiB}\n`, "sys/fs/cgroup/memory.current": "9\n" };
      const sampler = open(new MemoryIo({ ...TREE, ...own, ...files }));
      const info = sampler.sample();
      assert.deepEqual([info.cgroupLimit, info.cgroupCurrent], [undefined, undefined]);
      assert.match(
        sampler.signals.cgroupLimit.reason!,
        /^the cgroup of process 7 is not visible: the group \/\.\.\/other is not visible below/,
      );
    }
    const sampler = open(new MemoryIo({ ...TREE, ...OWN_VIEW, "proc/7/mountinfo": "" }));
    assert.equal(sampler.sample().headroom(), 512 * MiB);
  });

  it("takes a stated limit, with the resident set where the cgroup is out of sight", () => {
    const io = new MemoryIo({ ...TREE, ...OWN_VIEW, "proc/7/mountinfo": "" });
    const sampler = openProcessSampler(7, { limit: 400 * MiB }, io, false);
    assert.equal(sampler.sample().headroom(), 300 * MiB);
    sampler.close();
  });
});

describe("the option pid", () => {
  const bad: [unknown, string, RegExp][] = [
    [0, "RangeError", /^'pid' must be a whole number from 1 to 4194304: current value is 0$/],
    [-1, "RangeError", /current value is -1$/],
    [1.5, "RangeError", /current value is 1.5$/],
    [NaN, "RangeError", /current value is NaN$/],
    [4194305, "RangeError", /current value is 4194305$/],
    ["1", "TypeError", /^'pid' must be the number of a process: current value is "1"$/],
    [null, "TypeError", /current value is null$/],
  ];
  for (const [pid, name, message] of bad) {
    it(`refuses ${typeof pid} ${pid}`, async () => {
      assert.throws(() => openSampler({ pid } as never), { name, message });
      await assert.rejects(sample({ pid } as never), { name, message });
      await assert.rejects(watch({ interval: 1, pid } as never, () => {}), { name, message });
    });
  }

  it("needs the Linux adapter, and is none of a watchdog or shedder", () => {
    assert.throws(() => openSampler({ pid: 1, adapter: "runtime" }), {
      name: "TypeError",
      message: /^'pid' needs the adapter "linux": .* is "runtime"$/,
    });
    const starts = [
      () => watchdog({ pid: 1 } as never),
      () => cgroupDriven({ pid: 1 } as never),
      () => new LoadShedder({ pid: 1 } as never),
    ];
    for (const start of starts) {
      assert.throws(start, { name: "TypeError", message: /^'pid' is not an option of a / });
    }
  });

  it("is refused where there is no procfs", { skip: !skip }, () => {
    assert.throws(() => openSampler({ pid: 1 }), { name: "NotSupportedError" });
  });
});

describe("a real process", { skip }, () => {
  it("is sampled until it ends, and nothing stays open", async () => {
    const before = openDescriptors();
    const child = await spawned();
    const sampler = openSampler({ pid: child.pid, usage: "workingSet", pressure: true });
    const info = sampler.sample() as MemInfo;
    assert.ok(info.processRss! > 100_000 && info.processRss! < 50 * MiB, `${info}`);
    assert.equal(sampler.signals.heapUsed.available, false);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.throws(() => sampler.sample(), { name: "ProcessError", reason: "ended" });
    sampler.close();
    await assert.rejects(sample({ pid: child.pid }), { reason: "missing" });
    assert.equal(openDescriptors(), before);
  });

  it("ends a watch with an error that names it", async () => {
    const child = await spawned();
    const { pid } = child;
    let taken = 0;
    const watching = watch({ interval: 1, immediate: true, pid }, () => {
      if (++taken === 2) child.kill("SIGKILL");
    });
    await assert.rejects(watching, { name: "ProcessError", message: `process ${pid} has ended` });
    assert.ok(taken >= 2);
  });

  it("ends the iteration likewise", async () => {
    const child = await spawned();
    const iterate = async () => {
      for await (const _ of samples({ interval: 1, pid: child.pid })) child.kill("SIGKILL");
    };
    await assert.rejects(iterate(), { reason: "ended" });
  });

  it("tells a thread from a process", () => {
    const threads = fs.readdirSync("/proc/self/task").map(Number);
    const thread = threads.find((id) => id !== process.pid);
    assert.throws(() => openSampler({ pid: thread! }), {
      name: "RangeError",
      message: `'pid' must be that of a process: ${thread} is a thread of process ${process.pid}`,
    });
  });
});
