import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, it } from "node:test";
import { readVariables } from "../../src/auto/read_variables.ts";
import { AUTO, LOG, OPTIONS } from "../../src/auto/variables.ts";
import { MiB } from "../../src/bytes.ts";
import type { GcPolicy } from "../../watchdog.ts";
import { watchdog } from "../../watchdog.ts";

const read = (variables: Record<string, string>) => readVariables((name) => variables[name]);

describe("the variables of @x/memctl/auto", () => {
  it("are the defaults of the watchdog when none is set, or when they are empty", () => {
    for (const variables of [{}, { MEMCTL_INTERVAL: "", MEMCTL_LOG: " ", MEMCTL_AUTO: "" }]) {
      const { isOff, log, options } = read(variables);
      assert.deepEqual({ isOff, log, options }, { isOff: false, log: "error", options: {} });
    }
  });

  it("become options of the watchdog", () => {
    const { options } = read({
      MEMCTL_HEAP_LIMIT: "100M",
      MEMCTL_INTERVAL: "10",
      MEMCTL_MAX_INTERVAL: "500",
      MEMCTL_USAGE: "current",
      MEMCTL_DRY_RUN: "yes",
      MEMCTL_GUARD_MIN_GAP: "20",
      MEMCTL_GUARD_MAX_SHARE: "12.5%",
      MEMCTL_HEAP_SNAPSHOTS_DIRECTORY: "/tmp/x",
      MEMCTL_HEAP_SNAPSHOTS_AT: "10%",
      MEMCTL_HEAP_SNAPSHOTS_MAX: "1",
    });
    assert.deepEqual(options, {
      heapLimit: 100 * MiB,
      interval: 10,
      maxInterval: 500,
      usage: "current",
      dryRun: true,
      guard: { minGap: 20, maxShare: "12.5%" },
      heapSnapshots: { directory: "/tmp/x", at: "10%", max: 1 },
    });
  });

  it("set watermarks in percent", () => {
    const policy = read({ MEMCTL_WATERMARKS: "50%, 75%" }).options.policy as GcPolicy;
    const next = (used: number) => policy.evaluate({ scope: "cgroup", used, limit: 100 }).next;
    assert.deepEqual([next(0), next(50), next(80)], [50, 75, 80]);
  });

  const malformed: [string, string, RegExp][] = [
    ["MEMCTL_HEAP_LIMIT", "lots", /^MEMCTL_HEAP_LIMIT must be a size .*: current value is "lots"$/],
    ["MEMCTL_HEAP_LIMIT", "0", /^MEMCTL_HEAP_LIMIT must be a size/],
    ["MEMCTL_HEAP_LIMIT", "-1M", /^MEMCTL_HEAP_LIMIT must be a size/],
    ["MEMCTL_INTERVAL", "1e3", /^MEMCTL_INTERVAL must be a number of milliseconds/],
    ["MEMCTL_INTERVAL", "Infinity", /^MEMCTL_INTERVAL must be a number of milliseconds/],
    ["MEMCTL_DRY_RUN", "maybe", /^MEMCTL_DRY_RUN must be one of 1, true, /],
    ["MEMCTL_AUTO", "2", /^MEMCTL_AUTO must be one of 1, true, /],
    ["MEMCTL_LOG", "loud", /^MEMCTL_LOG must be 1 or one of error, warn, info, debug: .*"loud"$/],
    ["MEMCTL_GUARD_MAX_SHARE", "0.5", /^MEMCTL_GUARD_MAX_SHARE must be a share such as 10%/],
    ["MEMCTL_WATERMARKS", "0.6,0.7", /^MEMCTL_WATERMARKS must be ascending shares/],
    ["MEMCTL_WATERMARKS", "70%,60%", /^MEMCTL_WATERMARKS must ascend: current value is "70%,60%"$/],
    ["MEMCTL_WATERMARKS", "120%", /^MEMCTL_WATERMARKS must be .*: current value is "120%"$/],
    ["MEMCTL_HEAP_SNAPSHOTS_MAX", "1.5", /^MEMCTL_HEAP_SNAPSHOTS_MAX must be a whole number/],
  ];
  for (const [name, text, message] of malformed) {
    it(`name the variable, the rule and the value: ${name}=${text}`, () => {
      assert.throws(() => read({ [name]: text }), { name: "RangeError", message });
    });
  }

  const refused: [string, string, RegExp][] = [
    ["MEMCTL_INTERVAL", "0", /^MEMCTL_INTERVAL must be above 0 .*: current value is "0"$/],
    ["MEMCTL_MAX_INTERVAL", "1", /^MEMCTL_MAX_INTERVAL must be at least interval, 25: .*"1"$/],
    ["MEMCTL_USAGE", "all", /^MEMCTL_USAGE must be .*: current value is "all"$/],
    ["MEMCTL_HEAP_LIMIT", "9000G", /^MEMCTL_HEAP_LIMIT must be at most .*: .*"9000G"$/],
    ["MEMCTL_GUARD_MIN_GAP", "0", /^MEMCTL_GUARD_MIN_GAP must be above 0 .*: .*"0"$/],
    ["MEMCTL_GUARD_MIN_FREED", "0%", /^MEMCTL_GUARD_MIN_FREED must be above 0% .*: .*"0%"$/],
    [
      "MEMCTL_HEAP_SNAPSHOTS_AT",
      "5%",
      /^MEMCTL_HEAP_SNAPSHOTS_DIRECTORY must be a path: it is not set$/,
    ],
  ];
  for (const [name, text, message] of refused) {
    it(`explain an error of the watchdog about an option: ${name}=${text}`, () => {
      const { options, explain } = read({ [name]: text });
      const start = () => {
        try {
          watchdog(options).stop();
        } catch (error) {
          throw explain(error);
        }
      };
      assert.throws(start, { name: "RangeError", message });
    });
  }

  it("do not matter while MEMCTL_AUTO switches it off", () => {
    assert.equal(read({ MEMCTL_AUTO: "off", MEMCTL_INTERVAL: "x" }).isOff, true);
    assert.equal(read({ MEMCTL_AUTO: "ON" }).isOff, false);
  });

  it("set how much is printed", () => {
    const level = (text: string) => read({ MEMCTL_LOG: text }).log;
    assert.deepEqual(["1", "true", "debug", "warn"].map(level), ["info", "info", "debug", "warn"]);
  });

  it("are all listed in docs/auto.md, by the option that they set", () => {
    const text = fs.readFileSync(new URL("../../docs/auto.md", import.meta.url), "utf8");
    const listed = [...text.matchAll(/^\| `(MEMCTL_\w+)` +\| (?:`([\w.()]+)`)?/gm)]
      .map(([, name, option]) => `${name} ${option}`);
    const known = [
      ...Object.entries(OPTIONS).map(([option, { name }]) =>
        `${name} ${option === "watermarks" ? "policy" : option}`
      ),
      `${AUTO.name} undefined`,
      `${LOG} logger`,
    ];
    assert.deepEqual(listed.sort(), known.sort());
  });
});
