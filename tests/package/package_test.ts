// The npm package: packed, installed, compiled against from TypeScript, and
// run under each version of Node that it names, and Bun.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { pack } from "../../tools/pack.ts";
import { findDeno, findRuntimes } from "../support/runtimes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = path.join(root, ".cache", "package-test");
const deno = findDeno();
const bun = findRuntimes().find(({ name }) => name === "bun")?.command[0];

/** Installed from npm, one folder each, because all versions of Node are one package. */
const TOOLS: Record<string, string[]> = {
  "node-20": ["node@20"],
  "node-22": ["node@22"],
  "node-24": ["node@24"],
  typescript: ["typescript@5.9", "@types/node@20"],
};

const { exports } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8"));
const subpaths = Object.keys(exports).map((name) => name.slice(1));

/** Those that export nothing: importing them is what they are for. */
const WITHOUT_EXPORTS = ["/auto", "/cli"];

/** Names the types of every entry point. */
const ALL = [
  ...WITHOUT_EXPORTS.map((name) => `import "@x/memctl${name}";`),
  "export type All = [",
  ...subpaths.filter((name) => !WITHOUT_EXPORTS.includes(name))
    .map((name) => `  typeof import("@x/memctl${name}"),`),
  "];",
].join("\n");

/** Uses a type and a value of most entry points. */
const PROGRAM = `
import { MiB, openSampler, sample, watch, type MemInfo, type WatchOptions } from "@x/memctl";
import { health, LoadShedder, shed, type ShedOptions } from "@x/memctl/http";
import { observeMemory } from "@x/memctl/otel";
import { plan, type Plan } from "@x/memctl/plan";
import { levels } from "@x/memctl/policy";
import { observeMemory as observeForPrometheus } from "@x/memctl/prometheus";
import { ManualClock, ScenarioSampler } from "@x/memctl/testing";
import { type Watchdog, type WatchdogOptions, watchdog, watermarks } from "@x/memctl/watchdog";

const info: MemInfo = await sample();
const sampler = openSampler({ fields: ["headroom"] });
sampler.close();

const stop = new AbortController();
const options: WatchOptions = { interval: 5, signal: stop.signal };
let seen: number | undefined;
await watch(options, (info, { signal }) => {
  seen = info.at;
  if (!signal.aborted) stop.abort();
});

const rules: ShedOptions<Request> = { headroom: 1 * MiB };
const handler = shed(() => new Response("hello"), rules);
const shedder: LoadShedder<Request> = handler.shedder;
const ready: Response = health(shedder)();
const response: Response = await handler(new Request("http://localhost/"));
handler[Symbol.dispose]();

const planned: Plan = plan(512 * MiB);
const level: "low" | "normal" = levels({ low: { enter: "10%", exit: "15%" } })(info);
const clock: ManualClock = new ManualClock();
const scenario = new ScenarioSampler(clock, [{ at: 0, systemAvailable: 5, systemTotal: 10 }]);
const dogOptions: WatchdogOptions = { sampler: scenario, clock, policy: watermarks([0.9]) };
const dog: Watchdog = watchdog(dogOptions);
dog.stop();
const observers: readonly unknown[] = [observeMemory, observeForPrometheus];

// @ts-expect-error: an interval is not a string
const wrong: WatchOptions = { interval: "5" };

console.log(JSON.stringify([
  info.processRss! > 0, seen! > 0, response.status, ready.status, planned.runtimes.node !== undefined,
  level, scenario.sample().headroom(), dog.scope, observers.length, typeof wrong,
]));
`;
const EXPECTED = [true, true, 200, 200, true, "normal", 5, "system", 2, "object"];

describe("the npm package", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-package-"));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  before(() => {
    assert.ok(deno, "no Deno that can pack");
    const tarball = path.join(folder, "memctl.tgz");
    pack(deno, tarball);
    const manifest = { name: "user", private: true, type: "module" };
    fs.writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest));
    npm(["install", "--no-audit", "--no-fund", "--offline", tarball], folder);
    for (const [name, packages] of Object.entries(TOOLS)) install(name, packages);
    fs.symlinkSync(
      path.join(cache, "typescript", "node_modules", "@types"),
      path.join(folder, "node_modules", "@types"),
    );
    fs.writeFileSync(path.join(folder, "program.ts"), PROGRAM);
    fs.writeFileSync(path.join(folder, "all.ts"), ALL);
  });

  it("has JavaScript and types for each entry point", () => {
    const content = path.join(folder, "node_modules", "@x", "memctl");
    const { exports } = JSON.parse(fs.readFileSync(path.join(content, "package.json"), "utf8"));
    assert.deepEqual(Object.keys(exports), subpaths.map((name) => `.${name}`));
    for (const { types, default: code } of Object.values<Record<string, string>>(exports)) {
      for (const file of [types, code]) {
        assert.ok(fs.existsSync(path.join(content, file!)), `no ${file}`);
      }
    }
  });

  it("compiles in a strict TypeScript program, its declarations included", () => {
    const tsc = path.join(cache, "typescript", "node_modules", "typescript", "bin", "tsc");
    const options = [
      ...["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"],
      ...["--target", "es2023", "--lib", "es2023,esnext.disposable,dom", "--types", "node"],
      ...["--module", "nodenext", "program.ts", "all.ts"],
    ];
    const { stdout, status } = spawnSync(process.execPath, [tsc, ...options], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });

  const versions = ["20", "22", "24"].map((version) => ({
    name: `Node ${version}`,
    program: path.join(cache, `node-${version}`, "node_modules", "node", "bin", "node"),
    file: "program.js",
  }));
  for (
    const { name, program, file } of [...versions, {
      name: "Bun",
      program: bun!,
      file: "program.ts",
    }]
  ) {
    it(`runs under ${name}`, () => {
      if (name !== "Bun") {
        const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
        assert.match(stdout, new RegExp(`^v${name.slice(5)}\\.`));
      }
      const { stdout, stderr, status } = spawnSync(program, [file], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), EXPECTED);
    });

    it(`runs "memctl doctor" under ${name}`, () => {
      const memctl = path.join("node_modules", ".bin", "memctl");
      const { stdout, stderr } = spawnSync(program, [memctl, "doctor", "--json"], {
        cwd: folder,
        encoding: "utf8",
      });
      assert.ok("signals" in JSON.parse(stdout), stderr);
    });

    it(`starts the watchdog in a command under ${name}`, () => {
      fs.writeFileSync(path.join(folder, "hello.js"), 'console.log("hello");\n');
      const memctl = path.join("node_modules", ".bin", "memctl");
      const args = ["exec", "--watchdog", "--limit", "300M", "--", program, "hello.js"];
      const { stdout, stderr, status } = spawnSync(program, [memctl, ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, MEMCTL_LOG: "info" },
      });
      assert.deepEqual([status, stdout], [0, "hello\n"], stderr);
      assert.match(stderr, /memctl: watchdog: follows the cgroup, limit 314572800 bytes/);
    });
  }

  it('runs by "npx memctl doctor"', () => {
    const { stdout, stderr } = spawnSync("npx", ["--offline", "memctl", "doctor"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.match(stdout, /headroom/, stderr);
  });
});

/** Installs these packages into the cache, unless they are there. */
function install(name: string, packages: string[]): void {
  const own = path.join(cache, name);
  const stamp = path.join(own, ".stamp");
  const wanted = packages.join(" ");
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return;
  fs.rmSync(own, { recursive: true, force: true });
  fs.mkdirSync(own, { recursive: true });
  fs.writeFileSync(path.join(own, "package.json"), '{"private":true}');
  npm(["install", "--no-audit", "--no-fund", ...packages], own);
  fs.writeFileSync(stamp, wanted);
}

function npm(args: string[], cwd: string): void {
  const { status, stderr } = spawnSync("npm", args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `npm ${args.join(" ")} failed: ${stderr}`);
}
