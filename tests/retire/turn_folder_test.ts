import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { ownIdentity } from "../../platform/process_identity.ts";
import { turnFolder, type Turns } from "../../retire.ts";
import { withRetirement } from "../support/retire_bench.ts";
import { withTempFolder } from "../support/temp.ts";

const linux = process.platform === "linux" ? false : "needs Linux";
const root = process.getuid?.() === 0;

/** A process that ran and has ended. */
function endedProcess(): number {
  const { pid, status } = spawnSync(process.execPath, ["--version"]);
  assert.equal(status, 0);
  return pid;
}

/** Writes the file of a turn, as a process would that took it so many milliseconds ago. */
function writeTurn(
  folder: string,
  turn: number,
  record: { pid?: number; started?: string; namespace?: string; age?: number; within?: number },
): void {
  const { age = 1_000, within = 20_000, ...identity } = record;
  const at = Date.now() - age;
  const text = JSON.stringify({ ...ownIdentity(), ...identity, at, until: at + within });
  fs.writeFileSync(path.join(folder, `turn-${turn}`), text);
}

describe("turnFolder()", () => {
  const own = ownIdentity();

  it("gives one process a turn, and keeps it while that lives", () =>
    withTempFolder((folder) => {
      const [one, other] = [turnFolder(folder), turnFolder(folder)];
      assert.equal(one.take(20_000), true);
      assert.equal(one.take(20_000), true);
      assert.equal(other.take(20_000), false);
      // A new process is up already, but the former one still runs.
      turnFolder(folder).up();
      assert.equal(other.take(20_000), false);
      assert.deepEqual(fs.readdirSync(folder).toSorted(), ["turn-1", "turn-1.up"]);
    }));

  it(
    "gives the next turn once a process has ended and a new one is up",
    { skip: linux },
    () =>
      withTempFolder((folder) => {
        writeTurn(folder, 7, { pid: endedProcess(), started: "1" });
        const next = turnFolder(folder);
        assert.equal(next.take(20_000), false);
        turnFolder(folder).up();
        assert.equal(next.take(20_000), true);
        // The files of former turns are removed.
        assert.deepEqual(fs.readdirSync(folder), ["turn-8"]);
      }),
  );

  it(
    "recognises another process with the same id",
    { skip: linux },
    () =>
      withTempFolder((folder) => {
        writeTurn(folder, 1, { started: "1" });
        turnFolder(folder).up();
        assert.equal(turnFolder(folder).take(20_000), true);
      }),
  );

  it(
    "takes nothing for sure about a process of another container",
    { skip: linux },
    () =>
      withTempFolder((folder) => {
        writeTurn(folder, 1, { pid: endedProcess(), namespace: "pid:[1]" });
        turnFolder(folder).up();
        assert.equal(turnFolder(folder).take(20_000), false);
        // It must have ended by now.
        writeTurn(folder, 1, { pid: endedProcess(), namespace: "pid:[1]", age: 21_000 });
        assert.equal(turnFolder(folder).take(20_000), true);
      }),
  );

  it(
    "waits for a new process for so long, and no longer",
    { skip: linux },
    () =>
      withTempFolder((folder) => {
        const take = () => turnFolder(folder, { timeout: 30_000 }).take(20_000);
        writeTurn(folder, 1, { pid: endedProcess(), age: 49_000 });
        assert.equal(take(), false);
        writeTurn(folder, 1, { pid: endedProcess(), age: 51_000 });
        assert.equal(take(), true);
      }),
  );

  it("gives a turn although the system clock was set back", () =>
    withTempFolder((folder) => {
      writeTurn(folder, 1, { age: -3_600_000 });
      assert.equal(turnFolder(folder).take(20_000), true);
    }));

  for (
    const [title, text] of [["empty", ""], ["malformed", "{"], ["odd", '{"pid":"x"}']] as const
  ) {
    it(`waits while a file is ${title}, which one that is being written may be`, () =>
      withTempFolder((folder) => {
        const file = path.join(folder, "turn-3");
        fs.writeFileSync(file, text);
        assert.equal(turnFolder(folder).take(20_000), false);
        const old = new Date(Date.now() - 61_000);
        fs.utimesSync(file, old, old);
        assert.equal(turnFolder(folder).take(20_000), true);
      }));
  }

  it("ignores files of others", () =>
    withTempFolder((folder) => {
      const names = ["turn-", "turn-x", "turn-1.tmp", "notes.txt", "turn-99999999999999999999"];
      for (const name of names) fs.writeFileSync(path.join(folder, name), "");
      assert.equal(turnFolder(folder).take(20_000), true);
      assert.deepEqual(fs.readdirSync(folder).toSorted(), [...names, "turn-1"].toSorted());
    }));

  it("makes its folder, again too if that was removed, but not the parents", () =>
    withTempFolder((parent) => {
      const folder = path.join(parent, "turns");
      const turns = turnFolder(folder);
      fs.rmdirSync(folder);
      assert.equal(turns.take(20_000), true);
      assert.throws(
        () => turnFolder(path.join(parent, "a/b")),
        /Cannot take turns in .*a\/b: ENOENT/,
      );
    }));

  it("throws at once where no file can be made", { skip: linux }, () => {
    assert.throws(() => turnFolder("/proc/memctl-turns"), /Cannot take turns in \/proc/);
    assert.throws(() => turnFolder("/proc"), /Cannot take turns in \/proc/);
    if (!root) assert.throws(() => turnFolder("/etc"), /Cannot take turns in \/etc/);
  });

  it("lets exactly one of many processes have a turn", { skip: linux }, async () => {
    await withTempFolder((folder) => {
      writeTurn(folder, 1, { pid: endedProcess(), started: "1" });
      const all = Array.from({ length: 50 }, () => turnFolder(folder));
      all[0]!.up();
      assert.deepEqual(all.filter((turns) => turns.take(20_000)).length, 1);
      assert.equal(own.pid, process.pid);
    });
  });

  const use = (folder: unknown, options?: unknown) =>
    turnFolder(folder as string, options as object);
  for (
    const [title, call, message] of [
      ["folder", () => use(""), /'folder' must be a path: current value is ""/],
      ["options", () => use("x", 1), /'options' must be an object: current value is 1/],
      ["timeout", () => use("x", { timeout: 0 }), /'timeout' must be above 0 .*current value is 0/],
    ] as const
  ) {
    it(`refuses a bad ${title}`, () => assert.throws(call, message));
  }
});

describe("turns", () => {
  const PLENTY = [{ at: 0, systemTotal: 1_000, systemAvailable: 900 }];
  const LOW = (at: number) => {
    const used = at < 20_000 || at > 90_000 ? 100 : 990;
    return { cgroupLimit: 1_000, cgroupCurrent: used, processRss: used };
  };

  /** Turns by hand. */
  class FakeTurns implements Turns {
    answer: boolean | Promise<boolean> = false;
    asked: number[] = [];
    ups = 0;
    take(within: number): boolean | Promise<boolean> {
      this.asked.push(within);
      return this.answer;
    }
    up(): void {
      this.ups++;
    }
  }

  it("are waited for while the reason lasts, with readiness as before", async () => {
    const turns = new FakeTurns();
    await withRetirement(LOW, { turns, trend: false }, async (bench) => {
      await bench.pass(32);
      assert.deepEqual([bench.retirement.state, bench.retirement.ready], ["waiting", true]);
      assert.equal(turns.asked[0], 21_000);
      assert.deepEqual(bench.reasons, []);
      await bench.pass(60);
      // Memory has recovered.
      assert.equal(bench.retirement.state, "running");
      const { length } = turns.asked;
      turns.answer = true;
      await bench.pass(10);
      assert.deepEqual([turns.asked.length, bench.reasons], [length, []]);
    });
  });

  it("let the process retire once they are granted, by a promise too", async () => {
    const turns = new FakeTurns();
    await withRetirement(LOW, { turns, trend: false }, async (bench) => {
      await bench.pass(40);
      turns.answer = Promise.resolve(true);
      await bench.pass(1);
      assert.deepEqual(bench.causes, ["level"]);
    });
  });

  it("are asked for again after begin() until they are granted", async () => {
    const turns = new FakeTurns();
    await withRetirement(PLENTY, { turns }, async (bench) => {
      void bench.retirement.begin();
      await bench.pass(20);
      assert.deepEqual([bench.retirement.state, bench.reasons], ["waiting", []]);
      turns.answer = true;
      await bench.pass(1);
      assert.deepEqual(bench.causes, ["call"]);
    });
  });

  it("are told that this process is up when the grace time is over, once", async () => {
    const turns = new FakeTurns();
    await withRetirement(PLENTY, { turns }, async (bench) => {
      await bench.pass(10);
      bench.retirement.up();
      bench.retirement.up();
      await bench.pass(4);
      assert.equal(turns.ups, 0);
      await bench.pass(60);
      assert.equal(turns.ups, 1);
    });
  });

  it("that fail keep the process serving, and are reported once", async () => {
    const turns = {
      take: () => Promise.reject(new Error("no disk")),
      up: () => {
        throw new Error("no disk either");
      },
    };
    await withRetirement(PLENTY, { turns }, async (bench) => {
      bench.retirement.up();
      void bench.retirement.begin();
      await bench.pass(30);
      assert.equal(bench.retirement.state, "waiting");
      const told = bench.errors.map((error) => (error as Error).message);
      assert.deepEqual(told, ["no disk", "no disk either"]);
    });
  });

  it("do not keep a stopped process waiting", async () => {
    const turns = new FakeTurns();
    let grant = (_: boolean) => {};
    turns.answer = new Promise((resolve) => grant = resolve);
    await withRetirement(PLENTY, { turns }, async (bench) => {
      const ended = bench.retirement.begin();
      bench.retirement.stop();
      grant(true);
      await ended;
      await bench.pass(1);
      assert.deepEqual([bench.reasons, bench.exits], [[], []]);
    });
  });
});
