import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { MemInfo, MiB } from "../../mod.ts";
import { recorder } from "../../recorder.ts";
import { reportChart } from "../../src/cli/report_chart.ts";
import type { RecordedSample } from "../../src/recorder/run.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { runCommand } from "../support/fake_terminal.ts";
import { withTempFolder } from "../support/temp.ts";

const START = Date.UTC(2026, 0, 1);

/** Records a process that fills 200 MiB in a minute, and runs `use` with the file. */
function withRecord(use: (file: string) => void | Promise<void>): Promise<void> {
  return withTempFolder(async (folder) => {
    const file = path.join(folder, "x.rec");
    const clock = new ManualClock();
    let used = 0;
    const cgroupEvents = () => ({ folder: "/x", high: 0, max: used, oom: undefined, oomKill: 0 });
    const sampler = Object.assign(new ScenarioSampler(clock, [{ at: 0 }]), { cgroupEvents });
    const flight = recorder({ file, clock, sampler, interval: false });
    for (used = 10; used <= 200; used += 10) {
      flight.sample(
        new MemInfo({
          at: START + used * 300,
          processRss: used * MiB,
          heapUsed: used * MiB / 2,
          heapLimit: 4000 * MiB,
          cgroupCurrent: used * MiB,
          cgroupLimit: 200 * MiB,
        }),
      );
    }
    flight.level("critical");
    flight.note("escape \x1b[2J of the terminal");
    flight.stop();
    await use(file);
  });
}

describe("memctl report", () => {
  it("says how the run ended, with its last figures and a chart of 80 columns", () =>
    withRecord(async (file) => {
      const { code, output, errors } = await runCommand(["report", file]);
      assert.deepEqual([code, errors], [0, ""]);
      assert.match(output, /^.*x\.rec: run 1, \w+ \d+\.\d+\.\d+, pid \d+\n/);
      assert.match(output, /^end +clean exit\nbecause +the recorder was stopped\n/m);
      assert.match(output, /^last +headroom=0B rss=200\.0MiB heap=100\.0MiB$/m);
      assert.match(output, /^kernel +high=0 max=200 \(\+200\) oom_kill=0$/m);
      assert.match(output, /^container +▁▁▁.*█ +200\.0MiB at the end, of 200\.0MiB$/m);
      assert.match(output, /Z {2}level critical$/m);
      assert.match(output, /Z {2}note escape \?\[2J of the terminal$/m);
      for (const line of output.split("\n")) {
        if (/^(container|RSS|heap) /.test(line)) assert.ok([...line].length <= 80, line);
      }
    }));

  it("tells a program the same as JSON", () =>
    withRecord(async (file) => {
      const { code, output } = await runCommand(["report", file, "--json"]);
      assert.equal(code, 0);
      const { run, end, samples, events, runs, damaged } = JSON.parse(output);
      assert.deepEqual([run, end.kind, samples.length, damaged], [1, "clean", 21, 0]);
      assert.equal(samples.at(-1).processRss, 200 * MiB);
      assert.deepEqual(events.map(({ kind }: { kind: string }) => kind), ["level", "note", "stop"]);
      assert.deepEqual(runs.map(({ run }: { run: number }) => run), [1]);
    }));

  it("draws a chart into a file", () =>
    withRecord(async (file) => {
      const { code, files } = await runCommand(["report", file, "--output", "x.svg"]);
      assert.equal(code, 0);
      assert.match(files["x.svg"]!, /^<svg .*<\/svg>\n$/s);
      assert.doesNotMatch(files["x.svg"]!, /NaN|undefined|Infinity/);
      const failed = await runCommand(["report", file, "--output", "/proc/x"]);
      assert.deepEqual([failed.code, failed.output], [1, ""]);
      assert.equal(failed.errors, "memctl: cannot write /proc/x: read-only\n");
    }));

  it("reports on the latest run that has ended, and on any other by its number", () =>
    withRecord(async (file) => {
      recorder({ file }).note("of the second run");
      const text = fs.readFileSync(file);
      fs.writeFileSync(file, text);
      const latest = await runCommand(["report", file]);
      // In a sandbox nobody knows whether it runs; then it is young enough to run.
      assert.match(latest.output, /: run 1, /);
      assert.match(latest.output, /^other runs:\n +2 {2}.*running/m);
      const second = await runCommand(["report", file, "--run", "2"]);
      assert.match(second.output, /note of the second run/);
      assert.match(second.output, /^end +running/m);
    }));

  it("refuses what is no record, and a run that is none of it", () =>
    withRecord(async (file) => {
      const missing = await runCommand(["report", `${file}.gone`]);
      assert.equal(missing.code, 1);
      assert.match(missing.errors, /^memctl: Cannot read .*x\.rec\.gone: /);
      for (
        const [args, error] of [
          [[file, "--run", "7"], /--run must be one of 1: current value is 7/],
          [[file, "--run", "x"], /--run must be a whole number from 1 up: current value is "x"/],
          [[], /report takes one file: current value is 0 of them/],
          [[file, file], /report takes one file: current value is 2 of them/],
        ] as const
      ) {
        const { code, errors } = await runCommand(["report", ...args]);
        assert.equal(code, 2);
        assert.match(errors, error);
      }
    }));
});

describe("the chart of a report", () => {
  const sample = (at: number, processRss?: number) => ({ at, processRss }) as RecordedSample;

  it("shows the latest sample of each part of the time, and gaps", () => {
    const samples = Array.from({ length: 100 }, (_, i) => sample(i, i === 49 ? undefined : i));
    const [rss, ...others] = reportChart(samples, 45 + 10);
    assert.deepEqual(others, []);
    assert.equal(rss, "RSS        ▁▂▂▃ ▅▆▆▇█  99B at the end");
  });

  it("has nothing to draw without figures", () => {
    assert.deepEqual(reportChart([], 80), []);
    assert.deepEqual(reportChart([sample(1)], 80), []);
    assert.equal(reportChart([sample(1, 0)], 80)[0], "RSS        ▁  0B at the end");
  });
});
