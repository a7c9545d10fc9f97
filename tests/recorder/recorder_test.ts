import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { readRecord, type Recorder, recorder, type RecorderOptions } from "../../recorder.ts";
import { start } from "../../src/recorder/start.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";
import { endProgram } from "../support/end_program.ts";
import { startProgram } from "../support/own_runtime.ts";
import { openDescriptors, withTempFolder } from "../support/temp.ts";

const KILOBYTES_64 = 64 * 1024;

/** A recorder that samples a scenario by a clock of the test's, and its file. */
function withRecorder(
  use: (bench: {
    clock: ManualClock;
    file: string;
    errors: unknown[];
    start: (options?: Partial<RecorderOptions>) => Recorder;
  }) => void | Promise<void>,
): Promise<void> {
  return withTempFolder(async (folder) => {
    const before = openDescriptors();
    const clock = new ManualClock();
    const file = path.join(folder, "flight.rec");
    const errors: unknown[] = [];
    const recorders: Recorder[] = [];
    try {
      await use({
        clock,
        file,
        errors,
        start(options = {}) {
          const sampler = new ScenarioSampler(clock, [{ at: 0, processRss: 5 * MiB }]);
          const onError = (error: unknown) => void errors.push(error);
          const all = { file, clock, sampler, onError, size: KILOBYTES_64, ...options };
          const flight = recorder(all as RecorderOptions);
          recorders.push(flight);
          return flight;
        },
      });
    } finally {
      for (const flight of recorders) flight.stop();
    }
    assert.equal(openDescriptors(), before, "a descriptor is left open");
    clock.assertIdle();
  });
}

describe("recorder()", () => {
  it("records at the start and at each interval, into a file of fixed size", () =>
    withRecorder(({ clock, file, start }) => {
      const flight = start({ interval: 2_000 });
      assert.equal(flight.state, "recording");
      assert.equal(fs.statSync(file).size, KILOBYTES_64);
      assert.equal(fs.statSync(file).mode & 0o777, 0o600);
      clock.tick(2_000);
      clock.tick(2_000);
      flight.stop();
      const { latest, damaged } = readRecord(file);
      assert.deepEqual(latest.samples.map(({ processRss }) => processRss), Array(3).fill(5 * MiB));
      assert.equal(latest.pid, process.pid);
      assert.equal(latest.interval, 2_000);
      assert.deepEqual(latest.end.kind, "clean");
      assert.equal(damaged, 0);
      for (let i = 0; i < 500; i++) flight.sample();
      assert.equal(fs.statSync(file).size, KILOBYTES_64);
    }));

  it(
    "takes the space of the file on the disk at the start",
    { skip: process.platform === "win32" },
    () =>
      withRecorder(({ file, start }) => {
        start();
        assert.ok(fs.statSync(file).blocks * 512 >= KILOBYTES_64, "the file has holes");
      }),
  );

  it("takes no sample by itself with interval false, and those that it is given", () =>
    withRecorder(({ clock, file, start }) => {
      const flight = start({ interval: false });
      clock.tick(60_000);
      const info = new MemInfo({ at: 77, heapUsed: 7, cgroupLimit: Infinity, systemAvailable: 9 });
      flight.sample(info);
      assert.throws(() => flight.sample(5 as never), /'info' must be an object.* 5/);
      flight.stop();
      const { samples } = readRecord(file).latest;
      assert.equal(samples.length, 2);
      const { at, heapUsed, cgroupLimit, headroom, processRss } = samples[1]!;
      assert.deepEqual([at, heapUsed, cgroupLimit, headroom], [77, 7, Infinity, 9]);
      assert.equal(processRss, undefined);
    }));

  it("records a snapshot that comes later, and none after stop()", () =>
    withRecorder(async ({ clock, file, start }) => {
      const waiting: ((info: MemInfo) => void)[] = [];
      const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
      sampler.sample = () => new Promise((resolve) => void waiting.push(resolve)) as never;
      const flight = start({ sampler, interval: false });
      flight.sample();
      waiting[0]!(new MemInfo({ processRss: 1 }));
      await new Promise((resolve) => setTimeout(resolve));
      flight.stop();
      waiting[1]!(new MemInfo({ processRss: 2 }));
      await new Promise((resolve) => setTimeout(resolve));
      const { latest } = readRecord(file);
      assert.deepEqual(latest.samples.map(({ processRss }) => processRss), [1]);
    }));

  it("records levels, rejections, forced collections and notes", () =>
    withRecorder(({ clock, file, start }) => {
      const shedder = { level: "normal", inFlight: 2, rejected: 10 };
      const watchdog = { counters: { forced: 4, bytesFreed: 100 } };
      const events = { folder: "/x", high: 1, max: 2, oom: 3, oomKill: 4 };
      const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
      Object.assign(sampler, { cgroupEvents: () => events });
      const flight = start({ shedder, watchdog, sampler });
      shedder.level = "low";
      shedder.rejected = 13;
      watchdog.counters = { forced: 5, bytesFreed: 150 };
      clock.tick(1_000);
      flight.level("critical");
      flight.note("é".repeat(200));
      assert.throws(() => flight.note(5 as never), /'text' must be a string.* 5/);
      flight.stop();
      const { samples, events: recorded } = readRecord(file).latest;
      assert.deepEqual(
        samples.map(({ rejected, inFlight, forced, freed }) => [rejected, inFlight, forced, freed]),
        [[0, 2, 0, 0], [3, 2, 1, 50]],
      );
      const { high, max, oom, oomKill } = samples[0]!;
      assert.deepEqual([high, max, oom, oomKill], [1, 2, 3, 4]);
      assert.deepEqual(recorded.map(({ kind, text }) => [kind, text]), [
        ["level", "normal"],
        ["level", "low"],
        ["level", "critical"],
        ["note", "é".repeat(96)],
        ["stop", ""],
      ]);
    }));

  it("tells the next start how the run ended, and keeps the ends of the runs before", () =>
    withRecorder(async ({ file, start }) => {
      const told: unknown[] = [];
      const onPreviousEnd = (run: { run: number; end: { kind: string } }) =>
        void told.push([run.run, run.end.kind]);
      for (let run = 1; run <= 3; run++) {
        const flight = start({ onPreviousEnd });
        assert.equal(flight.previousEnd?.kind, run === 1 ? undefined : "clean");
        assert.equal(told.length, Math.max(0, run - 2), "called after recorder() has returned");
        await Promise.resolve();
        flight.stop();
      }
      assert.deepEqual(told, [[1, "clean"], [2, "clean"]]);
      const { runs } = readRecord(file);
      assert.deepEqual(runs.map(({ run, end, samples }) => [run, end.kind, samples.length]), [
        [1, "clean", 1],
        [2, "clean", 1],
        [3, "clean", 1],
      ]);
    }));

  it("reports what onPreviousEnd throws or rejects with", () =>
    withRecorder(async ({ errors, start }) => {
      start().stop();
      start({
        onPreviousEnd: () => {
          throw new Error("thrown");
        },
      }).stop();
      start({ onPreviousEnd: () => Promise.reject(new Error("rejected")) }).stop();
      start({
        onPreviousEnd: () => Promise.reject(new Error("lost")),
        onError: () => Promise.reject(new Error("lost too")),
      }).stop();
      await new Promise((resolve) => setTimeout(resolve));
      assert.deepEqual(errors.map(String), ["Error: thrown", "Error: rejected"]);
    }));

  it("keeps what is in the file when it gets another size", () =>
    withRecorder(({ file, start }) => {
      start().stop();
      start({ size: 2 * KILOBYTES_64 }).stop();
      assert.equal(fs.statSync(file).size, 2 * KILOBYTES_64);
      start().stop();
      assert.equal(fs.statSync(file).size, KILOBYTES_64);
      assert.deepEqual(readRecord(file).runs.map(({ samples }) => samples.length), [1, 1, 1]);
    }));

  it("says once that it cannot write, throws nothing, and goes on when it can", () =>
    withRecorder(({ clock, file, errors, start }) => {
      const flight = start();
      const bytes = fs.readFileSync(file);
      clock.tick(1_000);
      fs.truncateSync(file);
      // The owner is looked for at most once per second of the samples' time.
      for (let at = 10_000; at < 15_000; at += 1_000) flight.sample(new MemInfo({ at }));
      flight.note("lost");
      assert.equal(flight.state, "failing");
      assert.match(String(errors), /^Error: Cannot record into .*flight\.rec has become shorter$/);
      fs.writeFileSync(file, bytes);
      flight.sample(new MemInfo({ at: 20_000 }));
      assert.equal(flight.state, "recording");
      assert.equal(errors.length, 1);
    }));

  it("says once that its sampler fails", () =>
    withRecorder(({ clock, errors, start }) => {
      const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
      sampler.sample = () => {
        throw new Error("no sample today");
      };
      const flight = start({ sampler });
      clock.tick(1_000);
      clock.tick(1_000);
      assert.equal(flight.state, "failing");
      assert.match(String(errors), /^Error: Cannot record into .*: no sample today$/);
    }));

  it("has one recorder per file: a second one of the program is rejected", () =>
    withRecorder(({ file, start }) => {
      const first = start();
      assert.throws(() => start(), {
        name: "Error",
        message: `Cannot record into ${file}: a recorder of this program already does`,
      });
      first.stop();
      start();
    }));

  it("ends when another isolate begins to record into its file", () =>
    withRecorder(({ file, errors, start: begin }) => {
      const flight = begin();
      const other = start({ path: file, size: KILOBYTES_64, interval: 500, cgroup: undefined });
      flight.sample(new MemInfo({ at: Date.now() + 5_000 }));
      assert.equal(flight.state, "replaced");
      assert.match(String(errors), /another recorder has started to write to the file$/);
      flight.sample();
      flight.note("x");
      flight.stop();
      assert.equal(flight.state, "replaced");
      assert.equal(errors.length, 1);
      other.file.close();
      assert.deepEqual(readRecord(file).runs.map(({ samples }) => samples.length), [1, 0]);
    }));

  it("is rejected while another process that runs records into the file", {
    skip: process.platform === "linux" ? false : "needs /proc",
  }, () =>
    withRecorder(async ({ file, start }) => {
      const child = startProgram("recorded", [file, "20", "none"]);
      try {
        await new Promise<void>((resolve) => child.stdout!.once("data", () => resolve()));
        assert.throws(() => start(), {
          message: `Cannot record into ${file}: process ${child.pid} records into it and is ` +
            "running. Give each process a file of its own",
        });
        assert.equal(readRecord(file).latest.end.kind, "running");
      } finally {
        await endProgram(child);
      }
      assert.equal(start().previousEnd?.kind, "unknown");
    }));

  it("refuses the file of another program, and leaves it as it is", () =>
    withRecorder(({ file, start }) => {
      fs.writeFileSync(file, "the diary of somebody");
      assert.throws(() => start(), /it exists and is not a record of memctl, so it is not overwri/);
      assert.equal(fs.readFileSync(file, "utf8"), "the diary of somebody");
      assert.throws(() => readRecord(file), /Cannot read .*: it is not a record of memctl$/);
    }));

  it("begins anew in a file whose start was cut short", () =>
    withRecorder(({ file, start }) => {
      fs.writeFileSync(file, new Uint8Array(5_000));
      assert.throws(() => readRecord(file), /Cannot read .*: nothing has been recorded in it$/);
      start().stop();
      assert.equal(readRecord(file).latest.run, 1);
    }));

  it("leaves nothing behind where it cannot make the file", () =>
    withTempFolder((folder) => {
      const before = openDescriptors();
      for (const file of [path.join(folder, "no/such/folder/x.rec"), folder]) {
        assert.throws(() => recorder({ file }), /^Error: Cannot record into /);
        assert.throws(() => readRecord(file), /^Error: Cannot read /);
      }
      assert.deepEqual(fs.readdirSync(folder), []);
      assert.equal(openDescriptors(), before);
    }));

  it("records nothing if its signal is aborted already, and stops at an abort", () =>
    withRecorder(({ file, start }) => {
      assert.equal(start({ signal: AbortSignal.abort() }).state, "stopped");
      assert.equal(fs.existsSync(file), false);
      const stop = new AbortController();
      const flight = start({ signal: stop.signal });
      stop.abort();
      assert.equal(flight.state, "stopped");
      assert.equal(readRecord(file).latest.end.kind, "clean");
    }));

  it("reads each option once", () =>
    withRecorder(({ file, clock, start }) => {
      const { options, reads } = counted({
        file,
        size: KILOBYTES_64,
        interval: 5,
        watchdog: undefined,
        shedder: undefined,
        onPreviousEnd: undefined,
        onError: undefined,
        signal: undefined,
        unref: true,
        clock,
        sampler: new ScenarioSampler(clock, [{ at: 0 }]),
        usage: undefined,
        adapter: undefined,
        root: undefined,
      });
      recorder(options as unknown as RecorderOptions).stop();
      assert.deepEqual([...reads.values()], Array(reads.size).fill(1));
      start();
    }));

  const file = "/nowhere/x.rec";
  refusesBadOptions((options) => recorder(options as never), [
    ["options", 5 as never, TypeError, /'options' must be an object.* 5/],
    ["no file", {}, TypeError, /'file' must be a path: current value is undefined/],
    ["an empty file", { file: "" }, RangeError, /'file' must not be empty/],
    ["size", { file, size: "1" }, TypeError, /'size' must be a number of bytes.*"1"/],
    ["a small size", { file, size: 1000 }, RangeError, /'size' must be a whole number from 65536/],
    ["interval", { file, interval: 0 }, RangeError, /'interval' must be above 0/],
    ["no interval", { file, interval: null }, TypeError, /'interval' must be a number/],
    ["watchdog", { file, watchdog: {} }, TypeError, /'watchdog' must be a Watchdog/],
    ["shedder", { file, shedder: 1 }, TypeError, /'shedder' must be a LoadShedder.* 1/],
    ["hook", { file, onPreviousEnd: 1 }, TypeError, /'onPreviousEnd' must be a function/],
    ["onError", { file, onError: 1 }, TypeError, /'onError' must be a function/],
    ["signal", { file, signal: 1 }, TypeError, /'signal' must be an AbortSignal/],
    ["unref", { file, unref: 1 }, TypeError, /'unref' must be a boolean/],
    ["clock", { file, clock: {} }, TypeError, /'clock' must be an object with a method every/],
    ["usage", { file, usage: "x" }, RangeError, /'usage' must be one of/],
  ]);
});

describe("a full disk", {
  skip: process.platform !== "linux" || process.getuid?.() !== 0 ? "needs root on Linux" : false,
}, () => {
  it("is noticed at the start, and nothing is left of it", (t) =>
    withTempFolder(async (folder) => {
      const mounted = await run("mount", "-t", "tmpfs", "-o", "size=128k", "none", folder);
      if (!mounted) return t.skip("no file system can be mounted");
      try {
        const file = path.join(folder, "flight.rec");
        assert.throws(
          () => recorder({ file }),
          /Cannot record into .*: the disk has no room for a file of 1048576 bytes: .*space/,
        );
        assert.deepEqual(fs.readdirSync(folder), []);
        recorder({ file, size: KILOBYTES_64 }).stop();
        assert.throws(
          () => recorder({ file, size: MiB }),
          /Cannot record into .*: the disk has no room for a file of 1048576 bytes: .*space/,
        );
        assert.equal(fs.statSync(file).size, KILOBYTES_64);
        // A disk that fills up later is no matter: the space is taken.
        const flight = recorder({ file, size: KILOBYTES_64 });
        try {
          fs.writeFileSync(path.join(folder, "full"), new Uint8Array(MiB));
        } catch (error) {
          assert.match(String(error), /space/);
        }
        for (let i = 0; i < 1_000; i++) flight.sample();
        assert.equal(flight.state, "recording");
        flight.stop();
        assert.equal(readRecord(file).damaged, 0);
      } finally {
        await run("umount", folder);
      }
    }));
});

/** Whether a command ends well. */
function run(command: string, ...args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
}
