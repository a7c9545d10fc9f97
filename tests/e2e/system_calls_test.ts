// What the kernel is asked for during samples, as strace counts it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { withTempFolder } from "../support/temp.ts";

const SAMPLES = 10_000;
/** What a runtime may ask for meanwhile by itself, and the check of the group. */
const SLACK = 60;
const CALLS = ["open", "openat", "read", "pread64", "lseek", "close"] as const;

const program = fileURLToPath(new URL("../support/programs/many_samples.ts", import.meta.url));
const problem = spawnSync("strace", ["--version"]).status === 0
  ? undefined
  : "there is no strace (Debian's package of that name)";
if (problem !== undefined) console.error(`SKIPPED, the count of system calls: ${problem}`);

/** Stops the programs at the calls that are counted only, if this strace can. */
const filter = spawnSync("strace", ["-f", "--seccomp-bpf", "true"]).status === 0
  ? ["--seccomp-bpf"]
  : [];

/** How often one run made each call, and how many files one sample of it read. */
interface Run {
  calls: Record<typeof CALLS[number], number>;
  reads: number;
}

/** @param args More arguments of the program. */
function trace({ command }: Runtime, samples: number, ...args: string[]): Promise<Run> {
  return withTempFolder((folder) => {
    const summary = path.join(folder, "summary");
    const options = ["-f", ...filter, "-c", `--trace=${CALLS.join()}`, "-o", summary];
    const { stdout, stderr, status } = spawnSync(
      "strace",
      [...options, ...command, program, String(samples), ...args],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
    const text = fs.readFileSync(summary, "utf8");
    const calls = Object.fromEntries(CALLS.map((name) => {
      // % time, seconds, µs per call, calls, perhaps errors, name
      const line = new RegExp(`^ *[\\d.]+ +[\\d.]+ +\\d+ +(\\d+)(?: +\\d+)? +${name}$`, "m");
      return [name, Number(line.exec(text)?.[1] ?? 0)];
    })) as Run["calls"];
    return { calls, reads: JSON.parse(stdout).reads };
  });
}

describe(`${SAMPLES} samples of a watch`, { skip: problem ?? false }, () => {
  for (const runtime of findRuntimes()) {
    it(`are positioned reads and nothing else in ${runtime.name}`, async () => {
      // The second sample is the one whose reads are counted.
      const few = await trace(runtime, 2);
      const { calls, reads } = await trace(runtime, SAMPLES + 2);
      const more = (name: typeof CALLS[number]) => calls[name] - few.calls[name];

      const asked = `${JSON.stringify(few.calls)} became ${JSON.stringify(calls)}`;
      assert.equal(reads, few.reads);
      // Deno's own start takes positioned reads too, and not always as many.
      assert.ok(
        more("pread64") >= reads * SAMPLES - SLACK,
        `the trace is not complete: ${asked}`,
      );
      assert.ok(more("pread64") <= reads * SAMPLES + 10 * SLACK, asked);
      assert.ok(more("lseek") <= SLACK, asked);
      // Bun's memoryUsage() opens /proc/self/stat itself at each call.
      const own = runtime.name === "bun" ? SAMPLES : 0;
      assert.ok(more("open") + more("openat") <= own + SLACK, asked);
      assert.ok(more("read") <= own + SLACK, asked);
      assert.ok(more("close") <= own + SLACK, asked);
    });
  }
});

const LIMIT = 500 * MiB;

/** A container of version 2 with this limit, and of one level. */
function writeContainer(root: string): void {
  const files = {
    "proc/meminfo": "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n",
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/memory.max": `${LIMIT}\n`,
    "sys/fs/cgroup/memory.current": `${60 * MiB}\n`,
    "sys/fs/cgroup/memory.stat": "inactive_file 0\n",
  };
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  }
}

describe(`${SAMPLES} samples of headroom under a limit`, { skip: problem ?? false }, () => {
  for (const runtime of findRuntimes()) {
    it(`are two positioned reads each and nothing else in ${runtime.name}`, () =>
      withTempFolder(async (root) => {
        writeContainer(root);
        const few = await trace(runtime, 2, "headroom", root);
        const { calls, reads } = await trace(runtime, SAMPLES + 2, "headroom", root);
        const more = (name: typeof CALLS[number]) => calls[name] - few.calls[name];

        const asked = `${JSON.stringify(few.calls)} became ${JSON.stringify(calls)}`;
        assert.equal(reads, 2);
        assert.ok(more("pread64") >= 2 * SAMPLES - SLACK, `the trace is not complete: ${asked}`);
        assert.ok(more("pread64") <= 2 * SAMPLES + 10 * SLACK, asked);
        for (const name of ["lseek", "open", "read", "close"] as const) {
          assert.ok(more(name) <= SLACK, asked);
        }
        assert.ok(more("openat") <= SLACK, asked);
      }));
  }
});

describe("an idle watchdog", { skip: problem ?? false }, () => {
  const watchdog = fileURLToPath(
    new URL("../support/programs/idle_watchdog.ts", import.meta.url),
  );
  for (const runtime of findRuntimes()) {
    it(`wakes twice a second at most, and hardly reads memory.stat, in ${runtime.name}`, () =>
      withTempFolder((folder) => {
        const root = path.join(folder, "root");
        writeContainer(root);
        const log = path.join(folder, "log");
        const { status, stderr } = spawnSync(
          "strace",
          [
            "-f",
            ...filter,
            "-y",
            "-s64",
            "--trace=pread64,write,writev,sendto",
            "-o",
            log,
            ...runtime.command,
          ]
            .concat(watchdog, root),
          { encoding: "utf8" },
        );
        assert.equal(status, 0, stderr);
        const text = fs.readFileSync(log, "utf8");
        const [, asleep] = /"asleep\\n"([^]*)"done\\n"/.exec(text) ?? [];
        assert.ok(asleep !== undefined, text.slice(-2_000));
        const readsOf = (name: string) => asleep.split(`/${name}>`).length - 1;
        // In 4 s: the wait is 800 ms, and the engine may collect of itself meanwhile.
        const polls = readsOf("memory.current");
        assert.ok(
          polls >= 4 && polls <= (runtime.name === "bun" ? 20 : 8),
          `${polls} polls:\n${asleep}`,
        );
        // Bun's engine collects of itself while idle, and each collection is measured.
        assert.ok(readsOf("memory.stat") <= (runtime.name === "bun" ? 8 : 1), asleep);
        assert.ok(readsOf("meminfo") <= 2, "host memory only once in five seconds");
      }));
  }
});
