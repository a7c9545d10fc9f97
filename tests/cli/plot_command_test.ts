import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chartSvg } from "../../src/cli/chart_svg.ts";
import { FakeTerminal, runCommand } from "../support/fake_terminal.ts";
import { RECORDED } from "../support/recording.ts";

describe("memctl plot", () => {
  const plot = async (text: string, ...args: string[]) => {
    const terminal = new FakeTerminal();
    terminal.files["run.jsonl"] = text;
    return await runCommand(["plot", "run.jsonl", ...args], terminal);
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

  it("is 200 to 10,000 pixels wide and high", async () => {
    for (const [width, height] of [["200", "10000"], ["10000", "200"]] as const) {
      const { output } = await plot(RECORDED, "--width", width, "--height", height);
      assert.ok(output.includes(` viewBox="0 0 ${width} ${height}"`));
    }
    for (const option of ["--width", "--height"]) {
      for (const pixels of ["199", "10001", "300.5"]) {
        const { code, errors } = await plot(RECORDED, option, pixels);
        assert.equal(code, 2);
        const rule = `${option} must be a whole number from 200 to 10000`;
        assert.ok(errors.startsWith(`memctl: ${rule}: current value is "${pixels}"\n`), errors);
      }
    }
  });

  it("refuses a file that is no recording", async () => {
    const { code, errors, output } = await plot("x");
    assert.deepEqual([code, output], [2, ""]);
    assert.match(errors, /^memctl: run\.jsonl, line 1 must be JSON: current value is "x"\n/);
  });

  it("says which file it cannot read or write", async () => {
    const missing = await runCommand(["plot", "none.jsonl"]);
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
