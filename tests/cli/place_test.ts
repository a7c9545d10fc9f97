// --pid, --root and --limit, and MEMCTL_LIMIT.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { FakeTerminal, runCommand } from "../support/fake_terminal.ts";

const skip = process.platform !== "linux";

async function spawned() {
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  return child;
}

afterEach(() => {
  delete process.env.MEMCTL_LIMIT;
});

describe("--pid", () => {
  for (const command of ["watch", "doctor"]) {
    for (const pid of ["", "0", "x", "1.5", "4194305"]) {
      it(`${command} refuses "${pid}"`, async () => {
        const { code, errors } = await runCommand([command, "--pid", pid]);
        assert.equal(code, 2);
        const rule = "memctl: --pid must be a whole number from 1 to 4194304";
        assert.ok(errors.startsWith(`${rule}: current value is "${pid}"\n`), errors);
      });
    }

    it(`${command} says that there is no such process`, { skip }, async () => {
      const { code, errors } = await runCommand([command, "--pid", "4194304"]);
      assert.equal(code, 1);
      assert.match(errors, /^memctl: there is no process 4194304 that this user may see/);
    });

    it(`${command} refuses a thread of the kernel`, { skip }, async (test) => {
      const { code, errors } = await runCommand([command, "--pid", "2"]);
      // In a container it may be any process, or none.
      if (!errors.includes("kernel")) return test.skip("process 2 is not the kernel's");
      assert.equal(code, 2);
      assert.match(errors, /^memctl: --pid must be .*: 2 is a thread of the kernel\n/);
    });

    it(`${command} says that it needs Linux`, { skip: !skip }, async () => {
      const { code, errors } = await runCommand([command, "--pid", "1"]);
      assert.equal(code, 1);
      assert.match(errors, /^memctl: --pid needs Linux/);
    });
  }

  it("watches the process until it ends, which is no error", { skip }, async () => {
    const child = await spawned();
    const terminal = new FakeTerminal();
    terminal.written = () => child.kill("SIGKILL");
    const args = ["watch", "--interval", "1", "--pid", `${child.pid}`];
    const { code, output, errors } = await runCommand(args, terminal);
    assert.equal(code, 0);
    assert.equal(errors, `memctl: process ${child.pid} has ended\n`);
    assert.match(output, /rss=\d/);
    assert.doesNotMatch(output, /runtime=/);
  });

  it("examines the process, and not itself", { skip }, async () => {
    const child = await spawned();
    try {
      const args = ["doctor", "--json", "--pid", `${child.pid}`];
      const { process: examined, info, signals } = JSON.parse((await runCommand(args)).output);
      assert.deepEqual(examined, { pid: child.pid });
      assert.ok(info.processRss < 30_000_000);
      assert.match(signals.heapUsed.reason, /cannot be read from outside/);
      const { output } = await runCommand(["doctor", "--pid", `${child.pid}`]);
      assert.match(
        output,
        new RegExp(`^process ${child.pid} \\(runtime unknown\\), adapter: linux`),
      );
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("recognises the runtime of the process", { skip }, async () => {
    const terminal = new FakeTerminal();
    terminal.files[`/proc/${process.pid}/cmdline`] = "/usr/bin/deno\0run\0main.ts\0";
    const args = ["doctor", "--json", "--pid", `${process.pid}`];
    const { process: examined } = JSON.parse((await runCommand(args, terminal)).output);
    assert.deepEqual(examined, { pid: process.pid, runtime: "deno" });
  });
});

describe("--root", () => {
  it("is where the files are read", { skip }, async () => {
    const { output } = await runCommand(["doctor", "--json", "--root", "/nowhere"]);
    const { info, signals } = JSON.parse(output);
    assert.equal(info.systemTotal, undefined);
    assert.match(signals.systemTotal.source, /^\/nowhere\/proc\/meminfo$/);
    const { code, errors } = await runCommand(["watch", "--root", ""]);
    assert.equal(code, 2);
    assert.match(errors, /--root must not be empty/);
  });
});

describe("a stated limit", () => {
  const limitOf = async (...args: string[]) => {
    const { output } = await runCommand(["watch", "--json", "--count", "1", ...args]);
    return JSON.parse(output).cgroupLimit;
  };

  it("is that of --limit, or else of MEMCTL_LIMIT", async () => {
    process.env.MEMCTL_LIMIT = "20M";
    assert.equal(await limitOf("--limit", "10M"), 10 * 1024 * 1024);
    assert.equal(await limitOf(), 20 * 1024 * 1024);
    const { output } = await runCommand(["doctor"]);
    assert.match(output, /^cgroupLimit +20\.0MiB {2}option limit$/m);
  });

  it("is planned for, and its source is named", async () => {
    process.env.MEMCTL_LIMIT = "90M";
    const { output, code } = await runCommand(["plan", "--json"]);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(output).limit, { bytes: 90 * 1024 * 1024, source: "MEMCTL_LIMIT" });
  });

  it("that is malformed is an error that names the flag or variable", async () => {
    for (const command of ["doctor", "watch", "plan"]) {
      process.env.MEMCTL_LIMIT = "lots";
      const variable = await runCommand([command]);
      assert.equal(variable.code, 2);
      const rule = "must be a size such as 512M or 1.5GiB: current value is";
      assert.ok(variable.errors.startsWith(`memctl: MEMCTL_LIMIT ${rule} "lots"\n`));
      const flag = await runCommand([command, "--limit", "0"]);
      assert.equal(flag.code, 2);
      assert.ok(flag.errors.startsWith(`memctl: --limit ${rule} "0"\n`));
    }
    process.env.MEMCTL_LIMIT = "";
    assert.equal((await runCommand(["watch", "--count", "1"])).code, 0);
  });
});
