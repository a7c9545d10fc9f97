import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { DarwinReader } from "../../platform/darwin/darwin_reader.ts";
import { run, runWithin } from "../../platform/darwin/subprocess.ts";
import { parseVmStat } from "../../platform/darwin/vm_stat.ts";
import { openEngine } from "../../platform/engine.ts";
import { openSampler } from "../../src/host/sampling.ts";
import { settle } from "../support/async.ts";
import { NO_RECORDINGS, recordings } from "../support/recordings.ts";
import { withTempFolder } from "../support/temp.ts";

const HEADER = "Mach Virtual Memory Statistics: (page size of 16384 bytes)\n";
const NEW = HEADER + [
  "Pages free:                                1000.",
  "Pages active:                              5000.",
  "Pages inactive:                            3000.",
  "Pages speculative:                          700.",
  "Pages purgeable:                             20.",
  '"Translation faults":                  99999999.',
  "File-backed pages:                          300.",
  "",
].join("\n");

describe("vm_stat", () => {
  it("available is free, file-backed and purgeable pages", () => {
    assert.equal(parseVmStat(NEW), 1320 * 16_384);
  });

  it("without file-backed pages, free, speculative and inactive ones", () => {
    const old = NEW.replace(/File-backed.*\n/, "").replace("16384", "4096");
    assert.equal(parseVmStat(old), 4700 * 4096);
  });

  it("labels match only as a whole", () => {
    assert.equal(
      parseVmStat(`${HEADER}Swapped Pages free: 9.\nPages free: 2.\nPages free x: 8.\n`),
      2 * 16_384,
    );
  });

  it("malformed output gives no value", () => {
    const texts = [
      "",
      "Pages free: 5.\n",
      HEADER,
      `${HEADER}Pages free: 5\n`,
      `${HEADER}Pages free: -5.\n`,
      NEW.replace("16384", "0"),
      NEW.replace("16384", "99999999"),
      NEW.replace("1000.", "99999999999999999999."),
    ];
    for (const text of texts) assert.equal(parseVmStat(text), undefined, JSON.stringify(text));
  });

  it("recorded texts of Intel and Apple silicon Macs", {
    skip: recordings === undefined && NO_RECORDINGS,
  }, () => {
    const folder = path.join(recordings!, "vm_stat");
    const expected: Record<string, number> = {
      "intel-4096-pressured-truncated.txt": (83_542 + 103_234 + 31_460) * 4096,
      "intel-4096-macos10.6.txt": (90_518 + 134_461 + 32_417) * 4096,
      "intel-4096-darling-like-only-free.txt": 75_212 * 4096,
      "apple-silicon-16384-m1pro-16g.txt": (4518 + 141_843 + 630) * 16_384,
    };
    for (const name of fs.readdirSync(folder)) {
      if (!/^(intel|apple)/.test(name)) continue;
      const available = parseVmStat(fs.readFileSync(path.join(folder, name), "utf8"));
      assert.ok(available !== undefined && available > 0, name);
      if (name in expected) assert.equal(available, expected[name], name);
    }
  });
});

const posix = process.platform === "win32" ? "needs a POSIX shell" : false;

describe("the macOS reader with stand-in programs", { skip: posix }, () => {
  /** Runs `use` with a reader whose programs are these shell scripts. */
  const withPrograms = (
    vmStat: string,
    sysctl: string,
    use: (reader: DarwinReader, log: () => string[]) => Promise<void>,
    timeout?: number,
  ) =>
    withTempFolder(async (folder) => {
      const log = path.join(folder, "log");
      const program = (name: string, script: string) => {
        const file = path.join(folder, name);
        fs.writeFileSync(file, `#!/bin/sh\necho ${name} "$@" >> ${log}\n${script}\n`, {
          mode: 0o755,
        });
        return file;
      };
      const reader = new DarwinReader({
        run: timeout === undefined
          ? run
          : (file, args, signal) => runWithin(timeout, file, args, signal),
        engine: openEngine({}),
        rss: () => 4096,
        vmStat: program("vm_stat", vmStat),
        sysctl: program("sysctl", sysctl),
      });
      await use(reader, () => fs.readFileSync(log, "utf8").trim().split("\n"));
      reader.close();
    });
  const PRINT = `cat <<'END'\n${NEW}END`;
  const TOTAL = "echo 17179869184";

  it("samples what they print; the total is asked for once", () =>
    withPrograms(PRINT, TOTAL, async (reader, log) => {
      for (let i = 0; i < 2; i++) {
        const info = await reader.sample();
        assert.equal(info.systemAvailable, 1320 * 16_384);
        assert.equal(info.systemTotal, 17_179_869_184);
        assert.equal(info.processRss, 4096);
        assert.equal(info.cgroupLimit, undefined);
      }
      assert.deepEqual(log(), ["sysctl -n hw.memsize", "vm_stat", "vm_stat"]);
      assert.equal(reader.signals.systemAvailable.available, true);
    }));

  it("explains the last sample and runs nothing for that", () =>
    withPrograms(PRINT, TOTAL, async (reader, log) => {
      assert.equal(reader.signals.processRss.reason, "not sampled yet");
      await reader.sample();
      for (let i = 0; i < 3; i++) {
        assert.equal(reader.signals.processRss.available, true);
        assert.equal(reader.signals.systemTotal.available, true);
      }
      assert.deepEqual(log(), ["sysctl -n hw.memsize", "vm_stat"]);
    }));

  it("never runs two at once: who asks meanwhile shares the reading", () =>
    withPrograms(PRINT, TOTAL, async (reader, log) => {
      const infos = await Promise.all([reader.sample(), reader.sample(), reader.sample()]);
      assert.deepEqual(infos.map((info) => info.systemAvailable), Array(3).fill(1320 * 16_384));
      assert.equal(log().length, 2);
    }));

  it("available is at most the total", () =>
    withPrograms(PRINT, "echo 4096", async (reader) => {
      assert.equal((await reader.sample()).systemAvailable, 4096);
    }));

  it("runs them with an empty environment", () =>
    withPrograms('[ -z "$HOME$USER$LANG" ] || exit 9\n' + PRINT, TOTAL, async (reader) => {
      assert.notEqual((await reader.sample()).systemAvailable, undefined);
    }));

  const failures: [string, string, RegExp][] = [
    ["failing", "exit 3", /vm_stat/],
    ["malformed", "echo hello", /printed something else than page counts/],
    ["slow", "exec sleep 30", /did not end within 150 ms/],
    ["slow with a child that holds the pipe", "sleep 30", /did not end within 150 ms/],
  ];
  for (const [title, script, reason] of failures) {
    it(`a ${title} vm_stat leaves the other fields and says why`, () =>
      withPrograms(script, TOTAL, async (reader) => {
        const info = await reader.sample();
        assert.equal(info.systemAvailable, undefined);
        assert.equal(info.systemTotal, 17_179_869_184);
        assert.equal(info.processRss, 4096);
        assert.match(reader.signals.systemAvailable.reason!, reason);
      }, title.startsWith("slow") ? 150 : undefined));
  }

  it("a garbled sysctl leaves the other fields and says why", () =>
    withPrograms(PRINT, "echo no", async (reader) => {
      const info = await reader.sample();
      assert.equal(info.systemTotal, undefined);
      assert.equal(info.systemAvailable, 1320 * 16_384);
      assert.match(reader.signals.systemTotal.reason!, /printed something else than a size/);
    }));

  it("a missing program leaves the other fields and says why", async () => {
    const reader = new DarwinReader({
      run,
      engine: openEngine({}),
      rss: () => 4096,
      vmStat: "/nonexistent/vm_stat",
      sysctl: "/nonexistent/sysctl",
    });
    const info = await reader.sample();
    assert.equal(info.systemAvailable, undefined);
    assert.equal(info.processRss, 4096);
    assert.match(reader.signals.systemAvailable.reason!, /nonexistent/);
    reader.close();
  });

  it("close() ends a program that still runs", () =>
    withPrograms("exec sleep 30", TOTAL, async (reader, log) => {
      const sampling = reader.sample();
      while (
        !fs.existsSync("/proc/self") || !safely(log).some((line) => line.startsWith("vm_stat"))
      ) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      reader.close();
      assert.equal((await sampling).systemAvailable, undefined);
    }));
});

/** The log, which may not be there yet. */
function safely(log: () => string[]): string[] {
  try {
    return log();
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

describe("the macOS sampler", () => {
  it("gives a promise, and signals before and after", async () => {
    const sampler = openSampler({ adapter: "darwin" });
    assert.match(sampler.signals.systemAvailable.reason!, /not sampled yet/);
    const pending = sampler.sample();
    assert.ok(pending instanceof Promise);
    const info = await pending;
    assert.ok(info.processRss! > 0);
    if (process.platform !== "darwin") {
      assert.equal(info.systemAvailable, undefined);
      assert.match(sampler.signals.systemAvailable.reason!, /vm_stat/);
    }
    sampler.close();
    await settle();
  });
});
