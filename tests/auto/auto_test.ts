// A program that imports auto.ts. A heap limit stands in for the limit of a
// cgroup; tests/e2e/auto_test.ts has real ones.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ownRuntime } from "../support/own_runtime.ts";

const [runtime, ...flags] = ownRuntime;
const program = fileURLToPath(new URL("../support/programs/auto.ts", import.meta.url));
const auto = fileURLToPath(new URL("../../auto.ts", import.meta.url));
const LIMITED = { MEMCTL_HEAP_LIMIT: "100M" };
const inDeno = "Deno" in globalThis;

function run(way: string, env: Record<string, string>) {
  const { stdout, stderr, status } = spawnSync(runtime!, [...flags, program, way], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
  return { stdout, stderr, status };
}

/** What it prints, and that it prints no error. */
function saw(way: string, env: Record<string, string> = LIMITED): unknown {
  const { stdout, stderr, status } = run(way, env);
  assert.deepEqual([status, stderr], [0, ""]);
  return JSON.parse(stdout);
}

describe("a program that imports @x/memctl/auto", () => {
  it("has a watchdog, and ends by itself", () => {
    assert.deepEqual(saw("nothing"), { taken: true });
  });

  it("has none if MEMCTL_AUTO is off", () => {
    assert.deepEqual(saw("nothing", { ...LIMITED, MEMCTL_AUTO: "off" }), { taken: false });
  });

  it("is told in one line of a malformed variable, and runs without a watchdog", () => {
    const { stdout, stderr, status } = run("nothing", { ...LIMITED, MEMCTL_INTERVAL: "often" });
    assert.deepEqual([status, stdout], [0, '{"taken":false}\n']);
    assert.equal(
      stderr,
      "memctl: the watchdog is not started: MEMCTL_INTERVAL must be a number of milliseconds: " +
        'current value is "often"\n',
    );
  });

  it("is told what the watchdog does if MEMCTL_LOG is set", () => {
    const { stderr } = run("nothing", { ...LIMITED, MEMCTL_LOG: "info" });
    assert.match(stderr, /^memctl: watchdog: follows the heap, limit 104857600 bytes$/m);
  });

  it("has one below a limit that cannot be seen from inside", () => {
    const { stderr } = run("nothing", { MEMCTL_LIMIT: "300M", MEMCTL_LOG: "info" });
    assert.match(stderr, /^memctl: watchdog: follows the cgroup, limit 314572800 bytes$/m);
    // A limit above host memory is none.
    assert.match(run("nothing", { MEMCTL_LIMIT: "900000G", MEMCTL_LOG: "info" }).stdout, /false/);
  });

  it("can start a watchdog of its own, which takes over", () => {
    const own = { state: "running", second: "already started", takenAfterwards: false };
    assert.deepEqual(saw("an explicit start"), own);
  });

  it("keeps the watchdog if one of its own cannot start", () => {
    const kept = { first: "RangeError", taken: true, state: "running" };
    assert.deepEqual(saw("an explicit start that fails"), kept);
  });

  it("can import a second copy, which does nothing", () => {
    assert.deepEqual(saw("a second copy"), { taken: true, state: "running" });
  });

  it("has one in a worker that imports it too", () => {
    assert.deepEqual(saw("a worker"), { taken: true });
  });

  it("is told of a malformed variable once, not by each worker", () => {
    const { stdout, stderr } = run("a worker", { ...LIMITED, MEMCTL_INTERVAL: "often" });
    assert.equal(stdout, '{"taken":false}\n');
    assert.equal(stderr.split("\n").length, 2, stderr);
  });

  it("runs if standard error is closed or full", { skip: process.platform === "win32" }, () => {
    const env = { ...process.env, ...LIMITED, MEMCTL_LOG: "debug" };
    for (const redirection of ["2>&-", "2>/dev/full"]) {
      const script = `exec "$@" ${redirection}`;
      const args = ["-c", script, "sh", runtime!, ...flags, program, "nothing"];
      const { stdout, status } = spawnSync("sh", args, { encoding: "utf8", env, timeout: 60_000 });
      assert.deepEqual([status, stdout], [0, '{"taken":true}\n'], redirection);
    }
  });
});

describe("@x/memctl/auto in Deno's sandbox", { skip: !inDeno }, () => {
  /** On a terminal, where Deno would prompt, if there is script(1). */
  function sandboxed(permissions: string[], env: Record<string, string> = {}): string {
    const command = [runtime!, "run", ...permissions, `--preload=${auto}`, "-"];
    const line = `echo 'console.log("ran")' | ${command.map((word) => `'${word}'`).join(" ")}`;
    const hasScript = spawnSync("script", ["--version"]).status === 0;
    const [file, ...args] = hasScript
      ? ["script", "-qec", line, "/dev/null"]
      : ["sh", "-c", `${line} 2>&1`];
    const { stdout, signal } = spawnSync(file!, args, {
      encoding: "utf8",
      env: { ...process.env, SHELL: "/bin/sh", ...env },
      timeout: 60_000,
    });
    assert.equal(signal, null, `it waits: ${stdout}`);
    assert.doesNotMatch(stdout, /requests|Allow\?/, "it prompted");
    assert.match(stdout, /^ran\r?$/m);
    return stdout;
  }

  it("neither prompts nor throws, and names the permission that is missing", () => {
    const output = sandboxed([]);
    assert.match(output, /memctl: the watchdog is not started: .*--allow-all/);
  });

  it("does not read variables that it may not read", () => {
    assert.doesNotMatch(sandboxed([], { MEMCTL_INTERVAL: "often" }), /MEMCTL_INTERVAL/);
  });

  it("reads those that it may read", () => {
    const output = sandboxed(["--allow-env=MEMCTL_HEAP_LIMIT,MEMCTL_LOG"], {
      ...LIMITED,
      MEMCTL_LOG: "info",
      MEMCTL_INTERVAL: "often",
    });
    assert.match(output, /memctl: watchdog: follows the heap, limit 104857600 bytes/);
  });
});
