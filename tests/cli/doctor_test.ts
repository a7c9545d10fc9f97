import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo, type MemInfoInit, MiB, type Signal, type Signals } from "../../mod.ts";
import { type Diagnosis, exitCodeOf, report } from "../../src/cli/doctor.ts";
import type { Finding } from "../../src/cli/findings.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { runCommand } from "../support/fake_terminal.ts";

const NONE = { avg10: 0, avg60: 0, avg300: 0, total: 0 };
const INIT: MemInfoInit = {
  at: 0,
  systemAvailable: 600 * MiB,
  processRss: 80 * MiB,
  cgroupLimit: 100 * MiB,
  cgroupCurrent: 70 * MiB,
  pressure: { some: { ...NONE, avg10: 12.5 }, full: NONE },
};
const advice: Finding = { id: "a", severity: "advice", message: "one thing", advice: "do this" };
const problem: Finding = { id: "b", severity: "problem", message: "another thing" };
const note: Finding = { id: "c", severity: "note", message: "by the way" };

/** The lines of a report. */
function lines(
  findings: Finding[] = [],
  change: MemInfoInit = {},
  signal: Partial<Record<keyof Signals, Partial<Signal>>> = {},
): string[] {
  const init = { ...INIT, ...change };
  const info = new MemInfo(init);
  const { signals } = new ScenarioSampler(new ManualClock(), [{ ...init, at: 0 }]);
  const changed = { ...signals } as Record<string, Signal>;
  for (const [name, more] of Object.entries(signal)) changed[name] = { ...changed[name]!, ...more };
  const diagnosis: Diagnosis = {
    runtime: { name: "node", version: "24.1.0" },
    adapter: "linux",
    info: info.toJSON(),
    signals: changed as unknown as Signals,
    findings,
  };
  return report(diagnosis, info).split("\n");
}
const row = (all: string[], name: string) => all.find((line) => line.startsWith(`${name} `))!;

describe("the report of the doctor", () => {
  it("begins with the runtime and the adapter", () => {
    assert.deepEqual(lines().slice(0, 2), ["node 24.1.0, adapter: linux", ""]);
  });

  it("has a row for each signal: its value, and where it comes from", () => {
    const all = lines();
    assert.match(row(all, "processRss"), /^processRss +80\.0MiB {2}scenario$/);
    assert.match(row(all, "cgroupLimit"), / 100\.0MiB {2}scenario$/);
    assert.match(row(all, "pressure"), / 12\.5 % {2}scenario$/);
    assert.match(row(all, "pressureEvents"), / yes {2}scenario$/);
  });

  it("says of a signal that is unavailable why", () => {
    const unavailable = { available: false, reason: "out of sight" };
    const all = lines([], { heapUsed: undefined }, { heapUsed: unavailable });
    assert.match(row(all, "heapUsed"), / – {2}out of sight$/);
  });

  it("says that there is no limit, and what else is to be known of a signal", () => {
    const all = lines([], { cgroupLimit: Infinity }, { cgroupLimit: { note: "uncertain" } });
    assert.match(row(all, "cgroupLimit"), / none {2}scenario \(uncertain\)$/);
  });

  it("marks what is said to be available and has no value", () => {
    const all = lines([], { pressure: undefined, processRss: undefined }, {
      pressure: { available: true },
      processRss: { available: true },
    });
    assert.match(row(all, "pressure"), / \? {2}scenario$/);
    assert.match(row(all, "processRss"), / \? {2}scenario$/);
  });

  it("keeps its columns in line", () => {
    const all = lines();
    const table = all.slice(2, all.indexOf("", 2));
    assert.ok(table.length > 5);
    const starts = table.map((line) => line.search(/(no step of the )?scenario/));
    assert.equal(new Set(starts).size, 1, table.join("\n"));
    const longest = Math.max(...table.map((line) => /^\w+/.exec(line)![0].length));
    const widest = "100.0MiB".length;
    assert.equal(starts[0], longest + 2 + widest + 2, "no wider than what is in them");
  });

  it("tells the headroom and the nearest ceiling, or that they are unknown", () => {
    const all = lines();
    const at = all.findIndex((line) => line.startsWith("headroom: "));
    assert.equal(all[at], "headroom: 30.0MiB; nearest ceiling: cgroup, 30.0MiB away");
    assert.deepEqual([all[at - 1], all[at + 1]], ["", ""]);
    const unknown = lines([], { cgroupLimit: undefined, systemAvailable: undefined });
    assert.ok(unknown.includes("headroom: unknown"));
  });

  it("ends with each finding, and how many of them are to be acted on", () => {
    const end = (...findings: Finding[]) => {
      const all = lines(findings);
      return all.slice(all.findIndex((line) => line.startsWith("headroom: ")) + 2);
    };
    assert.deepEqual(end(), ["nothing to change", ""]);
    assert.deepEqual(end(note), ["note: by the way", "nothing to change", ""]);
    assert.deepEqual(end(note, advice), [
      "note: by the way",
      "advice: one thing",
      "    do this",
      "1 thing to change",
      "",
    ]);
    assert.deepEqual(end(problem, advice).slice(-2), ["2 things to change", ""]);
  });
});

describe("memctl doctor", () => {
  it("tells each signal of this process, for people and for machines", async () => {
    const { code, output } = await runCommand(["doctor"]);
    assert.match(output, /^processRss +\d+\.\dMiB {2}\S/m);
    const json = await runCommand(["doctor", "--json"]);
    assert.equal(json.code, code);
    const { runtime, signals, findings, info } = JSON.parse(json.output);
    assert.match(runtime.version, /^\d+\.\d+/);
    assert.equal(signals.processRss.available, true);
    assert.ok(info.processRss > 1_000_000);
    assert.equal(code, exitCodeOf(findings));
  });

  it("asks for every signal", async () => {
    const { output } = await runCommand(["doctor", "--json"]);
    const signals: Signals = JSON.parse(output).signals;
    for (const [name, { reason }] of Object.entries(signals)) {
      assert.doesNotMatch(reason ?? "", /not asked for/, name);
    }
  });

  it("ends with 1 if there is something to change", () => {
    assert.deepEqual([exitCodeOf([]), exitCodeOf([note])], [0, 0]);
    assert.deepEqual([exitCodeOf([note, advice]), exitCodeOf([problem, note])], [1, 1]);
  });
});
