import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ownRuntime } from "../support/own_runtime.ts";

const cli = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const [program, ...options] = ownRuntime;

function run(args: string[], env: Record<string, string> = {}) {
  return spawnSync(program!, [...options, cli, "plan", ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 60_000,
  });
}

describe("memctl plan", () => {
  it("tells the settings of each runtime, each with its reason", () => {
    const { stdout, status } = run(["--limit", "512M"]);
    assert.equal(status, 0);
    for (const runtime of ["deno", "bun", "node"]) {
      assert.match(stdout, new RegExp(`^${runtime}: heap \\d+\\.\\dMiB`, "m"));
    }
    assert.match(stdout, /^ {2}NODE_OPTIONS='--max-old-space-size=\d+ .*'\n {6}\S/m);
  });

  it("tells them to machines", () => {
    const { stdout } = run(["--limit", "1GiB", "--runtime", "bun", "--json", "--workers", "2"]);
    const { plan, limit, problems } = JSON.parse(stdout);
    assert.deepEqual(limit, { bytes: 2 ** 30, source: "--limit" });
    assert.deepEqual([Object.keys(plan.runtimes), problems], [["bun"], []]);
    assert.equal(plan.runtimes.bun.workers, 2);
  });

  it("leaves out a runtime that the limit is too small for, and says so", () => {
    const { stdout, status } = run(["--limit", "30M"]);
    assert.equal(status, 0);
    assert.match(stdout, /^bun: heap/m);
    assert.match(stdout, /^left out: the limit must be at least \d+\.\dMiB for deno/m);
  });

  it("prints lines that a shell evaluates, whatever was set before", () => {
    const env = { NODE_OPTIONS: `--title='it''s "$HOME"'` };
    const { stdout, status } = run(["--limit", "512M", "--shell"], env);
    assert.equal(status, 0);
    const script = `${stdout}\nprintf %s "$NODE_OPTIONS"`;
    const evaluated = spawnSync("sh", ["-c", script], {
      encoding: "utf8",
      env: { PATH: process.env.PATH! },
    });
    assert.ok(evaluated.stdout.startsWith(`${env.NODE_OPTIONS} --max-old-space-size=`));
  });

  it("tells what the user has set, and leaves it", () => {
    const env = { NODE_OPTIONS: "--max-old-space-size=77" };
    const { stdout } = run(["--limit", "512M", "--runtime", "node"], env);
    assert.match(stdout, /^ {2}kept: NODE_OPTIONS: --max-old-space-size=77$/m);
  });

  const wrong: [string[], RegExp][] = [
    [["--runtime", "rhino"], /--runtime must be one of deno, bun, node: current value is "rhino"/],
    [["--json", "--shell"], /--json and --shell exclude each other/],
    [["--limit", "1T"], /--limit must be a size such as 512M or 1\.5GiB: current value is "1T"/],
    [["--limit", "10M"], /the limit must be at least \d+\.\dMiB for deno .*; .* for node /],
    [["more"], /plan takes no argument: current value is "more"/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses "${args.join(" ")}"`, () => {
      const { stdout, stderr, status } = run(args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, message);
    });
  }
});
