// How `signals` explains the cgroup: the file of each figure, and why a figure
// is missing, uncertain or a bound, in the words that a user reads.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEngine } from "../../platform/engine.ts";
import { LinuxReader } from "../../platform/linux/linux_reader.ts";
import { MiB } from "../../src/bytes.ts";
import type { Signal, Signals } from "../../src/sampler.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { fullReading } from "../support/full_reading.ts";
import { MemoryIo } from "../support/memory_io.ts";

const TOP = "/sys/fs/cgroup";
const POD = `${TOP}/pod`;
const APP = `${POD}/app`;
const SELF = "/proc/self/cgroup";
const MOUNTINFO = "/proc/self/mountinfo";

type Files = Record<string, string | undefined>;

/** A process in /pod/app, and nothing that limits it. */
const BASE: Files = {
  "/proc/meminfo": MEMINFO,
  "/proc/self/status": "VmRSS: 4096 kB\n",
  [SELF]: "0::/pod/app\n",
  [MOUNTINFO]: `30 24 0:26 / ${TOP} rw - cgroup2 cgroup2 rw\n`,
  [`${APP}/cgroup.procs`]: "",
};

const level = (folder: string, limit: number, usage: number, inactive: number): Files => ({
  [`${folder}/memory.max`]: `${limit * MiB}\n`,
  [`${folder}/memory.current`]: `${usage * MiB}\n`,
  [`${folder}/memory.stat`]: `inactive_file ${inactive * MiB}\n`,
});

/** A level with 200 MiB left below one with 50 MiB left. */
const BOTH = { ...BASE, ...level(APP, 300, 100, 30), ...level(POD, 200, 150, 20) };

/** The same without limits. */
const UNLIMITED = { ...BOTH, [`${POD}/memory.max`]: "max\n", [`${APP}/memory.max`]: "max\n" };

/** A process whose own group is out of sight. */
const OUTSIDE = {
  ...BASE,
  [SELF]: "0::/../x\n",
  ...level(TOP, 300, 100, 30),
};

function signalsOf(files: Files, workingSet = true): Signals {
  const present = Object.entries(files).filter((entry) => entry[1] !== undefined);
  const io = new MemoryIo(
    Object.fromEntries(present.map(([path, text]) => [path.slice(1), text!])),
  );
  const reader = new LinuxReader("", io, openEngine({}), () => 0);
  reader.sample(fullReading(reader, workingSet), Infinity);
  const signals = reader.signals(fullReading(reader, workingSet));
  reader.close();
  return signals;
}

const is = (source: string, more: Partial<Signal> = {}): Signal => ({
  available: true,
  source,
  ...more,
});
const not = (source: string, reason: string): Signal => ({ available: false, source, reason });
const workingSetOf = (folder: string) => `${folder}/memory.current less memory.stat`;

/** What `signals` says of each figure. */
type Said = Partial<Record<keyof Signals, Signal>>;

function explains(files: Files, said: Said, workingSet?: boolean): void {
  const signals = signalsOf(files, workingSet);
  for (const [name, expected] of Object.entries(said)) {
    assert.deepEqual(signals[name as keyof Signals], expected, name);
  }
}

describe("signals name the files of the cgroup", () => {
  it("whose limit is effective", () =>
    explains(BOTH, {
      cgroupLimit: is(`${POD}/memory.max`),
      cgroupCurrent: is(`${POD}/memory.current`),
      cgroupWorkingSet: is(workingSetOf(POD)),
    }));

  it("of the process, where there is no limit", () =>
    explains(UNLIMITED, {
      cgroupLimit: is(`${APP}/memory.max`),
      cgroupCurrent: is(`${APP}/memory.current`),
      cgroupWorkingSet: is(workingSetOf(APP)),
    }));

  it("below, where it stands in with its usage", () => {
    const note = `lower bound, as ${POD}/memory.current does not exist`;
    explains({ ...BOTH, [`${POD}/memory.current`]: undefined }, {
      cgroupLimit: is(`${POD}/memory.max`),
      cgroupCurrent: is(`${APP}/memory.current`, { note, estimate: true }),
      cgroupWorkingSet: is(workingSetOf(APP), { note, estimate: true }),
    });
  });

  it("that slows the process down below its limit", () => {
    const throttled = { ...BOTH, [`${APP}/memory.high`]: "max\n" };
    explains({ ...throttled, [`${POD}/memory.high`]: `${199 * MiB}\n` }, {
      cgroupLimit: is(`${POD}/memory.max`, { throttleAt: 199 * MiB }),
    });
    for (const high of [`${200 * MiB}\n`, "max\n", "malformed\n", undefined]) {
      explains({ ...throttled, [`${POD}/memory.high`]: high }, {
        cgroupLimit: is(`${POD}/memory.max`),
      });
    }
  });

  it("only if they were asked for", () =>
    explains(BOTH, {
      cgroupWorkingSet: not(APP, `not asked for: set usage to "workingSet"`),
    }, false));
});

describe("signals say why a figure of the cgroup is missing:", () => {
  it("the limits of all levels are malformed", () =>
    explains({ ...BOTH, [`${POD}/memory.max`]: "x\n", [`${APP}/memory.max`]: "y\n" }, {
      cgroupLimit: not(
        `${APP}/memory.max`,
        `${APP}/memory.max is malformed: "y" is neither a size nor the word for no limit`,
      ),
      cgroupCurrent: is(`${APP}/memory.current`),
      cgroupWorkingSet: is(workingSetOf(APP)),
    }));

  it("the limits of two levels of three are malformed, so that the third is a bound", () =>
    explains(
      {
        ...BOTH,
        ...level(TOP, 400, 200, 0),
        [`${POD}/memory.max`]: "x\n",
        [`${APP}/memory.max`]: "y\n",
      },
      {
        cgroupLimit: is(`${TOP}/memory.max`, {
          note: `upper bound, as ${APP}/memory.max is malformed: "y" is neither a size nor the ` +
            `word for no limit; ${POD}/memory.max is malformed: "x" is neither a size nor the ` +
            "word for no limit",
        }),
      },
    ));

  it("no level's usage can be read, so that the effective level's file is named", () => {
    const reason = `${POD}/memory.current does not exist`;
    explains(
      { ...BOTH, [`${POD}/memory.current`]: undefined, [`${APP}/memory.current`]: undefined },
      {
        cgroupLimit: is(`${POD}/memory.max`),
        cgroupCurrent: not(`${POD}/memory.current`, reason),
        cgroupWorkingSet: not(workingSetOf(POD), reason),
      },
    );
  });

  it("memory.stat of the effective level is missing", () =>
    explains({ ...BOTH, [`${POD}/memory.stat`]: undefined }, {
      cgroupCurrent: is(`${POD}/memory.current`),
      cgroupWorkingSet: not(workingSetOf(POD), `${POD}/memory.stat does not exist`),
    }));

  it("without a limit, the usage is malformed", () => {
    const reason = `${APP}/memory.current is malformed: "z" is not a size`;
    explains({ ...UNLIMITED, [`${APP}/memory.current`]: "z\n" }, {
      cgroupLimit: is(`${APP}/memory.max`),
      cgroupCurrent: not(`${APP}/memory.current`, reason),
      cgroupWorkingSet: not(workingSetOf(APP), reason),
    });
  });

  it("without a limit, memory.stat has no such line", () =>
    explains({ ...UNLIMITED, [`${APP}/memory.stat`]: "anon 1\n" }, {
      cgroupCurrent: is(`${APP}/memory.current`),
      cgroupWorkingSet: not(
        workingSetOf(APP),
        `${APP}/memory.stat is malformed: it has no line inactive_file with a number`,
      ),
    }));

  it("the memory controller is off, on version 2", () => {
    const reason = "no memory.max at any level: memory controller off";
    explains(BASE, {
      cgroupLimit: is(`${APP}/memory.max`, { note: `no limit: ${reason}` }),
      cgroupCurrent: not(`${APP}/memory.current`, reason),
      cgroupWorkingSet: not(workingSetOf(APP), reason),
    });
  });

  it("the memory controller is off, on version 1", () => {
    const reason = "no memory.limit_in_bytes at any level: memory controller off";
    explains({
      ...BASE,
      [SELF]: "4:memory:/pod/app\n",
      [MOUNTINFO]: `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`,
    }, {
      cgroupLimit: is(`${APP}/memory.limit_in_bytes`, { note: `no limit: ${reason}` }),
      cgroupCurrent: not(`${APP}/memory.usage_in_bytes`, reason),
      cgroupWorkingSet: not(`${APP}/memory.usage_in_bytes less memory.stat`, reason),
      pressureEvents: not(`${APP}/memory.events`, "cgroup v1 has no memory.events"),
    });
  });

  it("the process's own folder is not there, and no level above it has a limit", () => {
    const reason = `the group's folder ${APP} is not there`;
    explains({ ...BASE, [`${APP}/cgroup.procs`]: undefined }, {
      cgroupLimit: not(`${APP}/memory.max`, reason),
      cgroupCurrent: not(`${APP}/memory.current`, reason),
    });
  });

  it("memory is accounted by version 1, which is out of sight", () => {
    const reason = "memory is accounted by cgroup v1, which is not mounted here";
    explains({ ...BASE, [SELF]: "4:memory:/app\n0::/pod/app\n" }, {
      cgroupLimit: not(`${APP}/memory.max`, reason),
      cgroupCurrent: not(`${APP}/memory.current`, reason),
    });
  });

  const nowhere: [string, Files, string][] = [
    ["there is no such file", { [SELF]: undefined }, `${SELF} does not exist`],
    ["no mounts can be read", { [MOUNTINFO]: undefined }, `${MOUNTINFO} does not exist`],
    ["nothing is mounted", { [MOUNTINFO]: "" }, "no cgroup2 file system is mounted"],
  ];
  for (const [title, files, reason] of nowhere) {
    it(`${title}: the file by which the place is found is named`, () =>
      explains({ ...BOTH, ...files }, {
        cgroupLimit: not(SELF, reason),
        cgroupCurrent: not(SELF, reason),
        cgroupWorkingSet: not(SELF, reason),
        pressureEvents: not(SELF, reason),
      }));
  }

  it("no hierarchy accounts for memory, so that there is no limit", () => {
    const reason = "no memory controller in /proc/self/cgroup";
    explains({ ...BOTH, [SELF]: "1:name=systemd:/\n" }, {
      cgroupLimit: is(SELF, { note: `no limit: ${reason}` }),
      cgroupCurrent: not(SELF, reason),
      cgroupWorkingSet: not(SELF, reason),
      pressureEvents: not(SELF, reason),
    });
  });
});

describe("signals of a cgroup that is out of sight", () => {
  const reason = `the group /../x is not visible below ${TOP}`;
  const note = `uncertain: ${reason}`;

  it("are uncertain where the mount point has a limit", () =>
    explains(OUTSIDE, {
      cgroupLimit: is(`${TOP}/memory.max`, { note }),
      cgroupCurrent: is(`${TOP}/memory.current`, { note }),
      cgroupWorkingSet: is(workingSetOf(TOP), { note }),
    }));

  it("are bounds as well where a file there is malformed", () =>
    explains({
      ...OUTSIDE,
      [SELF]: "4:memory:/../x\n",
      [MOUNTINFO]: `36 32 0:33 / ${TOP} rw - cgroup cgroup rw,memory\n`,
      [`${TOP}/memory.limit_in_bytes`]: "x\n",
      [`${TOP}/memory.usage_in_bytes`]: `${MiB}\n`,
      [`${TOP}/memory.stat`]: `hierarchical_memory_limit ${64 * MiB}\n`,
    }, {
      cgroupLimit: is(`${TOP}/memory.stat`, {
        note: `${note}; upper bound, as ${TOP}/memory.limit_in_bytes is malformed: "x" is ` +
          "neither a size nor the word for no limit",
      }),
    }));

  it("do not say that there is no limit where the mount point has none", () =>
    explains({ ...OUTSIDE, [`${TOP}/memory.max`]: "max\n" }, {
      cgroupLimit: not(`${TOP}/memory.max`, reason),
      cgroupCurrent: is(`${TOP}/memory.current`, { note }),
    }));
});

describe("signals explain the kernel's events:", () => {
  it("where there is a file at any level", () =>
    explains({ ...BOTH, [`${POD}/memory.events`]: "max 0\n" }, {
      pressureEvents: is(`${APP}/memory.events`),
    }));

  it("where there is none", () =>
    explains(BOTH, {
      pressureEvents: not(`${APP}/memory.events`, "no memory.events at any level"),
    }));

  it("where the memory controller is off", () =>
    explains(BASE, {
      pressureEvents: not(
        `${APP}/memory.events`,
        "no memory.events at any level: memory controller off",
      ),
    }));

  it("where that cannot be told", () =>
    explains({ ...BASE, [`${APP}/cgroup.procs`]: undefined }, {
      pressureEvents: not(
        `${APP}/memory.events`,
        `no memory.events at any level: the group's folder ${APP} is not there`,
      ),
    }));
});
