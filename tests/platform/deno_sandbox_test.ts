// A real `deno` under each set of permissions, on a pseudo-terminal where one
// is to be had: there a prompt would be printed, and would wait for ever.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { MemInfoJson, SignalName } from "../../src/mem_info.ts";
import type { Signals } from "../../src/sampler.ts";
import { findDeno } from "../support/runtimes.ts";

const deno = findDeno();
const probe = fileURLToPath(new URL("../support/sandbox_probe.ts", import.meta.url));
const hasScript = spawnSync("script", ["--version"]).status === 0;

/** What the probe found in its sandbox. */
interface Found {
  adapter: string;
  terminal: boolean;
  info: MemInfoJson;
  signals: Signals;
}

function runProbe(permissions: string[], adapter?: string): Found {
  const args = [deno!, "run", "--no-lock", "--no-config", ...permissions, probe];
  if (adapter !== undefined) args.push(adapter);
  // By way of a shell: Deno's own spawn() adds permissions to a deno it starts.
  const command = args.map((arg) => `'${arg}'`).join(" ");
  const options = { encoding: "utf8", timeout: 120_000 } as const;
  const { stdout, stderr, status, signal } = hasScript
    ? spawnSync("script", ["-qec", command, "/dev/null"], options)
    : spawnSync("sh", ["-c", command], options);
  const output = `${stdout}${stderr}`;
  assert.equal(signal, null, `it waits: ${output}`);
  assert.equal(status, 0, output);
  assert.doesNotMatch(output, /requests|Allow\?/, "it prompted");
  const found: Found = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
  if (hasScript) assert.equal(found.terminal, true, "the probe ran without a terminal");
  return found;
}

/** Asserts which signals are there, and a reason for every other one. */
function assertSignals({ signals, info }: Found, available: SignalName[]): void {
  for (const [name, signal] of Object.entries(signals)) {
    const wanted = available.includes(name as SignalName);
    assert.equal(signal.available, wanted, `${name}: ${JSON.stringify(signal)}`);
    assert.equal(name in info, wanted, name);
  }
}

const ENGINE: SignalName[] = ["processRss", "runtimeTotal", "heapUsed", "heapLimit"];
const NEEDS_ALL = /Deno needs --allow-all to read \/proc/;

describe("in Deno's sandbox", {
  skip: deno === undefined
    ? "no deno"
    : process.platform !== "linux"
    ? "asserts what Linux gives"
    : false,
}, () => {
  for (
    const [title, permissions] of [
      ["no permission", []],
      ["--allow-read", ["--allow-read"]],
      ["--allow-read of the very files", ["--allow-read=/proc,/sys"]],
      ["permission for one file of several", ["--allow-read=/proc/meminfo"]],
    ] as const
  ) {
    it(`${title}: the runtime's own figures, and why no other`, () => {
      const found = runProbe([...permissions]);
      assert.equal(found.adapter, "runtime");
      assertSignals(found, ENGINE);
      for (
        const name of [
          "systemAvailable",
          "systemTotal",
          "cgroupCurrent",
          "cgroupLimit",
          "cgroupWorkingSet",
        ] as const
      ) {
        assert.match(found.signals[name].reason!, NEEDS_ALL, name);
        assert.match(found.signals[name].reason!, /--allow-sys=systemMemoryInfo would/, name);
      }
    });
  }

  it("--allow-sys=systemMemoryInfo: host memory too", () => {
    const found = runProbe(["--allow-sys=systemMemoryInfo"]);
    assert.equal(found.adapter, "runtime");
    const { source } = found.signals.systemAvailable;
    assert.equal(source, "Deno.systemMemoryInfo()");
    const limited = found.info.cgroupLimit !== undefined;
    assertSignals(found, [
      ...ENGINE,
      "systemAvailable",
      "systemTotal",
      ...(limited ? ["cgroupCurrent", "cgroupLimit"] as const : []),
    ]);
    if (!limited) assert.match(found.signals.cgroupLimit.reason!, NEEDS_ALL);
    assert.match(found.signals.cgroupWorkingSet.reason!, NEEDS_ALL);
  });

  it("--allow-all: everything that Linux gives", () => {
    const found = runProbe(["--allow-all"]);
    assert.equal(found.adapter, "linux");
    assert.equal(found.signals.systemAvailable.source, "/proc/meminfo");
    assert.equal(found.signals.processRss.source, "/proc/self/statm");
    assertSignals(found, [
      ...ENGINE,
      "systemAvailable",
      "systemTotal",
      ...(["cgroupCurrent", "cgroupLimit"] as const).filter((name) => name in found.info),
    ]);
  });

  it("the macOS adapter names the permission for its subprocess", () => {
    const { signals } = runProbe([], "darwin");
    assert.match(signals.systemAvailable.reason!, /Deno needs --allow-run=\/usr\/bin\/vm_stat/);
    assert.match(signals.systemTotal.reason!, /Deno needs --allow-run=\/usr\/sbin\/sysctl/);
  });
});
