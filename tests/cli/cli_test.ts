import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { chartSvg } from "../../src/cli/chart_svg.ts";
import { main } from "../../src/cli/main.ts";
import type { TakeOver, Terminal } from "../../src/terminal.ts";
import { ownRuntime } from "../support/own_runtime.ts";
import { withTempFolder } from "../support/temp.ts";

/** A terminal that only remembers. */
class FakeTerminal implements Terminal {
  output = "";
  errors = "";
  isTerminal = false;
  colors = false;
  columns = 80;
  rows = 24;
  files: Record<string, string> = {};
  /** What the command listens with while it has taken over. */
  on: TakeOver | undefined;
  /** Called after each write. */
  written: () => void = () => {};
  readonly #end = new AbortController();

  get ended(): AbortSignal {
    return this.#end.signal;
  }
  end(): void {
    this.#end.abort();
  }
  write(text: string): void {
    this.output += text;
    this.written();
  }
  writeError(text: string): void {
    this.errors += text;
  }
  takeOver(on: TakeOver): () => void {
    this.on = on;
    on.onEnter();
    return () => {
      this.on = undefined;
      on.onLeave();
    };
  }
  untilStopped<T>(run: () => Promise<T>): Promise<T> {
    return run();
  }
  readText(file: string): Promise<string> {
    const text = this.files[file];
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(Object.assign(new Error(`no ${file}`), { code: "ENOENT" }));
  }
  writeText(file: string, text: string): void {
    if (file.startsWith("/proc")) throw new Error("read-only");
    this.files[file] = text;
  }
}

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await main(args, terminal);
  return { code, ...terminal };
}

const RECORDED = [
  { at: 1_000, headroom: 300, processRss: 50, cgroupCurrent: 100, cgroupLimit: 400 },
  { at: 2_000, headroom: 200, processRss: 60, cgroupCurrent: 200, cgroupLimit: 400 },
  { at: 3_000, processRss: 70, cgroupCurrent: 300, cgroupLimit: 400 },
  { at: 4_000, headroom: 50, processRss: 80, cgroupCurrent: 350, cgroupLimit: 400 },
  { at: 5_000, headroom: 40, processRss: 80, cgroupCurrent: 360, cgroupLimit: 400 },
].map((line) => JSON.stringify(line)).join("\n") + "\n";

describe("the command line", () => {
  it("helps", async () => {
    for (const args of [["--help"], ["-h"], ["help"], ["watch", "--help"]]) {
      const { code, output } = await run(...args);
      assert.equal(code, 0);
      assert.match(output, /usage: memctl doctor/);
    }
  });

  const wrong: [string[], RegExp][] = [
    [[], /a command is missing: one of doctor, watch, plot/],
    [["toString"], /must be one of doctor, watch, plot: current value is "toString"/],
    [["watch", "more"], /watch takes no argument: current value is "more"/],
    [["watch", "--colour"], /watch: Unknown option '--colour'/],
    [["watch", "--interval"], /watch: Option '--interval/],
    [["watch", "--interval", "fast"], /--interval must be a number from 1.*"fast"/],
    [["watch", "--interval", "0.5"], /--interval must be a number from 1.*"0\.5"/],
    [["watch", "--interval", ""], /--interval must be .*""/],
    [["watch", "--count", "1.5"], /--count must be a whole number from 1 up.*"1\.5"/],
    [["watch", "--usage", "all"], /--usage must be current or workingSet.*"all"/],
    [["doctor", "--json=yes"], /doctor: Option '--json' does not take an argument/],
    [["plot"], /plot takes one file: current value is 0 of them/],
    [["plot", "a", "b"], /plot takes one file: current value is 2 of them/],
    [["plot", "a", "--width", "1"], /--width must be a whole number from 200 to 10000.*"1"/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses "${args.join(" ")}"`, async () => {
      const { code, errors, output } = await run(...args);
      assert.equal(code, 2);
      assert.match(errors, message);
      assert.match(errors, /Try: memctl --help\n$/);
      assert.equal(output, "");
    });
  }
});

describe("memctl doctor", () => {
  it("tells each signal of this process, for people and for machines", async () => {
    const { code, output } = await run("doctor");
    assert.match(output, /^processRss +\d+\.\dMiB {2}\S/m);
    const json = await run("doctor", "--json");
    assert.equal(json.code, code);
    const { runtime, signals, findings, info } = JSON.parse(json.output);
    assert.match(runtime.version, /^\d+\.\d+/);
    assert.equal(signals.processRss.available, true);
    assert.ok(info.processRss > 1_000_000);
    assert.equal(
      code,
      findings.some(({ severity }: { severity: string }) => severity !== "note") ? 1 : 0,
    );
  });
});

describe("memctl watch", () => {
  it("prints lines where no terminal is", async () => {
    const { code, output } = await run("watch", "--interval", "1", "--count", "3");
    assert.equal(code, 0);
    const lines = output.trimEnd().split("\n");
    assert.equal(lines.length, 3);
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z .*rss=\d/);
  });

  it("prints an object per line for machines", async () => {
    const { output } = await run("watch", "--json", "--interval", "1", "--count", "2");
    const objects = output.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.equal(objects.length, 2);
    assert.ok(objects.every(({ at, processRss }) => at > 0 && processRss > 0));
  });

  it("ends when the reader is gone", async () => {
    const terminal = new FakeTerminal();
    terminal.written = () => terminal.end();
    assert.equal(await main(["watch", "--interval", "1"], terminal), 0);
    assert.equal(terminal.output.split("\n").length, 2);
  });

  it("takes a terminal over, redraws it, and gives it back at q", async () => {
    const terminal = new FakeTerminal();
    terminal.isTerminal = true;
    let draws = 0;
    terminal.written = () => {
      if (!terminal.output.endsWith("\x1b[J")) return;
      draws++;
      if (draws === 1) {
        terminal.columns = 40;
        terminal.on!.onResize();
      } else if (draws === 2) {
        terminal.on!.onKey("x");
        terminal.on!.onKey("q");
      }
    };
    assert.equal(await main(["watch", "--interval", "60000"], terminal), 0);
    assert.equal(draws, 2);
    assert.ok(terminal.output.startsWith("\x1b[?1049h\x1b[?25l\x1b[H"));
    assert.ok(terminal.output.endsWith("\x1b[?25h\x1b[?1049l"));
    assert.equal(terminal.on, undefined);
  });
});

describe("memctl plot", () => {
  const plot = async (text: string, ...args: string[]) => {
    const terminal = new FakeTerminal();
    terminal.files["run.jsonl"] = text;
    const code = await main(["plot", "run.jsonl", ...args], terminal);
    return { code, ...terminal };
  };

  it("draws each figure that was recorded, with a gap where one is missing", async () => {
    const { code, output } = await plot(RECORDED);
    assert.equal(code, 0);
    assert.match(output, /^<svg [^>]*viewBox="0 0 900 420"/);
    assert.ok(output.endsWith("</svg>\n"));
    // Limit, usage and RSS in one line each, headroom in two.
    assert.equal(output.match(/<polyline /g)!.length, 5);
    for (const label of ["container limit", "container usage", "RSS", "headroom"]) {
      assert.ok(output.includes(`>${label}</text>`), label);
    }
    assert.doesNotMatch(output, /NaN|undefined|Infinity/);
    assert.equal(output.match(/<(line|rect|polyline)\b[^>]*[^/]>/g), null, "unclosed element");
  });

  it("draws no limit where there is none, and one that was recorded out of order", async () => {
    const lines = ['{"at":2,"cgroupLimit":null,"processRss":5}', "", '{"at":1,"processRss":4}'];
    const { code, output } = await plot(lines.join("\n"));
    assert.equal(code, 0);
    assert.equal(output.match(/<polyline /g)!.length, 1);
    assert.doesNotMatch(output, /limit|NaN/);
  });

  it("skips a last line that was cut off, and says so", async () => {
    const whole = await plot(RECORDED);
    const { code, output, errors } = await plot(`${RECORDED}{"at":6000,"headroom":`);
    assert.deepEqual([code, output], [0, whole.output]);
    assert.equal(errors, "memctl: run.jsonl, line 6 is cut off: the line was skipped\n");
    assert.equal((await plot(RECORDED.trimEnd())).errors, "", "a last line that is complete");
  });

  it("takes a byte order mark and the line ends of Windows", async () => {
    const { code, output, errors } = await plot(`\uFEFF${RECORDED.replaceAll("\n", "\r\n")}`);
    assert.deepEqual([code, errors, output], [0, "", (await plot(RECORDED)).output]);
  });

  it("draws the largest figures and the longest time with few ticks", async () => {
    const { code, output } = await plot(
      `{"at":-8.64e15,"headroom":${2 ** 64}}\n{"at":8.64e15,"headroom":0}\n`,
    );
    assert.equal(code, 0);
    assert.doesNotMatch(output, /NaN|Infinity/);
    assert.ok(output.match(/<text /g)!.length < 30);
  });

  it("bounds its ticks whatever is to be drawn", () => {
    const point = { processRss: undefined, cgroupCurrent: undefined, cgroupLimit: undefined };
    for (const headroom of [0, 0.5, 1e300, Number.MAX_VALUE]) {
      for (const at of [1, 1e14, 8.64e15]) {
        const chart = chartSvg(
          [{ ...point, at: 0, headroom }, { ...point, at, headroom }],
          { width: 900, height: 420 },
        );
        assert.ok(chart.match(/<text /g)!.length < 50, `${headroom} at ${at}`);
      }
    }
  });

  it("writes to a file", async () => {
    const { code, files, output } = await plot(RECORDED, "--output", "a.svg", "--width", "500");
    assert.equal(code, 0);
    assert.match(files["a.svg"]!, /width="500"/);
    assert.equal(output, "");
  });

  const bad: [string, string, RegExp][] = [
    ["no JSON", "x", /run\.jsonl, line 1 must be JSON: current value is "x"/],
    ["no object", "[1]", /line 1 must be an object.*\[1\]/],
    ["no time", '{"at":1}\n{}', /line 2 must have a time, "at"/],
    ["no number", '{"at":1,"headroom":"a"}', /line 1: headroom must be a number.*"a"/],
    ["too little", '{"at":1}', /must hold at least 2 lines.*1/],
    [
      "a line that was cut in the middle",
      '{"at":1}\n{"at"\n{"at":3}',
      /line 2 must be JSON.*"\{\\"at\\""/,
    ],
    ["a cut line that was ended", '{"at":1}\n{"at":2}\n{"at"\n', /line 3 must be JSON/],
    ["malformed text at its end", '{"at":1}\n{"at":2}\nab', /line 3 must be JSON.*"ab"/],
    ["too little before a cut line", '{"at":1}\n{"at"', /must hold at least 2 lines.*1/],
    ["an infinite time", '{"at":1}\n{"at":1e999}', /line 2: at must be from -8640.* Infinity/],
    ["a time beyond dates", '{"at":1e300}\n{"at":1}', /line 1: at must be from .* 1e\+300/],
    ["a huge size", '{"at":1,"headroom":1e300}', /line 1: headroom must be from 0 to .* 1e\+300/],
    ["an infinite size", '{"at":1,"cgroupLimit":1e999}', /line 1: cgroupLimit must be .*Infinity/],
    ["a negative size", '{"at":1,"processRss":-1}', /line 1: processRss must be from 0 to .* -1/],
  ];
  for (const [name, text, message] of bad) {
    it(`refuses a recording with ${name}`, async () => {
      const { code, errors } = await plot(text);
      assert.equal(code, 2);
      assert.match(errors, message);
    });
  }

  it("says which file it cannot read or write", async () => {
    const missing = await run("plot", "none.jsonl");
    assert.deepEqual([missing.code, missing.errors], [
      1,
      "memctl: cannot read none.jsonl: no such file\n",
    ]);
    const unwritable = await plot(RECORDED, "-o", "/proc/x");
    assert.deepEqual([unwritable.code, unwritable.errors], [
      1,
      "memctl: cannot write /proc/x: read-only\n",
    ]);
  });
});

describe("as a program", () => {
  const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
  const [program, ...options] = ownRuntime;
  const start = (args: string[], input = "") =>
    spawnSync(program!, [...options, cli, ...args], { encoding: "utf8", input });

  it("records, draws what it recorded, and says how it went by its exit code", () =>
    withTempFolder((folder) => {
      const recorded = start(["watch", "--json", "--interval", "1", "--count", "3"]);
      assert.equal(recorded.status, 0, recorded.stderr);
      const chart = path.join(folder, "run.svg");
      const drawn = start(["plot", "-", "--output", chart], recorded.stdout);
      assert.deepEqual([drawn.status, drawn.stderr, drawn.stdout], [0, "", ""]);
      assert.equal(start(["plot", chart]).status, 2);
      assert.equal(start(["nonsense"]).status, 2);
      assert.equal(start(["plot", path.join(folder, "none")]).status, 1);
    }));

  /** Runs a command line of a shell, in which `run` is this program. */
  const shell = (script: string) =>
    spawnSync("sh", ["-c", `run() { ${quoted} "$@"; }; ${script}`], {
      encoding: "utf8",
      timeout: 60_000,
    });
  const quoted = [program!, ...options, cli].map((word) => `'${word}'`).join(" ");

  it("draws from standard input that comes slowly", () => {
    const { status, stdout, stderr } = shell(
      "run watch --json --interval 400 --count 3 | run plot -",
    );
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /<polyline [^]*<\/svg>\n$/);
  });

  const full = { skip: !fs.existsSync("/dev/full") };
  for (
    const command of [
      "doctor",
      "watch --interval 1",
      "watch --interval 1 --count 2 --json",
      "plot - < $RECORDING",
      "--help",
    ]
  ) {
    it(
      `"${command}" says in one line that its output cannot be written`,
      full,
      () =>
        withTempFolder((folder) => {
          const file = path.join(folder, "run.jsonl");
          fs.writeFileSync(file, RECORDED);
          const { status, stderr } = shell(`RECORDING='${file}'; run ${command} > /dev/full`);
          assert.match(stderr, /^memctl: cannot write to standard output: .*no space left.*\n$/i);
          assert.equal(status, 1);
        }),
    );
  }

  it("ends without a word when its reader has had enough", () => {
    const { stdout, stderr } = shell("run watch --interval 1 | head -n 1");
    assert.deepEqual([stdout.split("\n").length, stderr], [2, ""]);
  });

  it("keeps its exit code when standard error cannot be written", full, () => {
    assert.equal(shell("run nonsense 2> /dev/full").status, 2);
  });
});
