import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GiB, MiB } from "../../mod.ts";
import { type Plan, plan, type PlanOptions } from "../../plan.ts";

const RUNTIMES = ["deno", "bun", "node"] as const;
const LIMITS = [96, 128, 200, 256, 300, 512, 1000, 1024, 2048, 4096, 16_384].map((n) => n * MiB);

/** What every isolate of every process may fill, by the plan. */
const used = ({ processes, runtimes }: Plan, runtime: typeof RUNTIMES[number]) => {
  const { heap, young, workers } = runtimes[runtime]!;
  return processes * (1 + workers) * (heap + young);
};

const variable = (made: Plan, runtime: typeof RUNTIMES[number], name: string) =>
  made.runtimes[runtime]!.environment.find((setting) => setting.name === name)?.value;

describe("plan()", () => {
  it("leaves memory beside all heaps, for every limit and runtime", () => {
    for (const limit of LIMITS) {
      const made = plan(limit);
      for (const runtime of RUNTIMES) {
        assert.ok(used(made, runtime) < limit, `${runtime}, ${limit}`);
        assert.ok(made.runtimes[runtime]!.heap >= 16 * MiB);
      }
    }
  });

  it("never gives a larger limit a smaller heap", () => {
    for (const runtime of RUNTIMES) {
      let before = 0;
      for (let limit = 96 * MiB; limit < 2 * GiB; limit += 7 * MiB) {
        const { heap, young } = plan(limit, { runtime }).runtimes[runtime]!;
        assert.ok(heap + young >= before, `${runtime}, ${limit}`);
        before = heap + young;
      }
    }
  });

  it("divides the limit among processes", () => {
    const alone = plan(256 * MiB);
    const four = plan(1024 * MiB, { processes: 4 });
    assert.equal(four.share, 256 * MiB);
    assert.deepEqual(four.runtimes, alone.runtimes);
  });

  it("divides a process among its main thread and workers", () => {
    for (const runtime of RUNTIMES) {
      const options: PlanOptions = { runtime, workers: 4 };
      const made = plan(GiB, options);
      const { heap, workers, resourceLimits } = made.runtimes[runtime]!;
      assert.equal(workers, 4);
      assert.ok(used(made, runtime) < GiB);
      assert.equal(resourceLimits.maxOldGenerationSizeMb, heap / MiB);
      assert.ok(heap < plan(GiB, { runtime }).runtimes[runtime]!.heap / 4);
    }
  });

  it("counts the workers that fit, each with the heap that it needs", () => {
    for (const runtime of RUNTIMES) {
      for (const limit of LIMITS.filter((limit) => limit >= 300 * MiB)) {
        const made = plan(limit, { runtime, workers: "fit", workerBytes: 40 * MiB, cores: 64 });
        const { heap, workers } = made.runtimes[runtime]!;
        assert.ok(workers >= 1 && workers <= 64);
        assert.ok(heap >= 40 * MiB, `${runtime}, ${limit}: ${heap}`);
        assert.ok(used(made, runtime) < limit);
      }
    }
  });

  it("gives at most one worker to each core", () => {
    const { node } =
      plan(8 * GiB, { workers: "fit", workerBytes: MiB, cores: 3, runtime: "node" }).runtimes;
    assert.equal(node!.workers, 3);
  });

  it("subtracts the reserve, the buffers, and what starts the program", () => {
    const heap = (options: PlanOptions) =>
      plan(512 * MiB, { ...options, runtime: "node" }).runtimes.node!.heap;
    const whole = heap({});
    assert.equal(plan(512 * MiB, { reserve: "25%" }).share, 384 * MiB);
    assert.equal(heap({ reserve: 128 * MiB }), heap({ reserve: "25%" }));
    assert.ok(heap({ reserve: "25%" }) < whole);
    assert.ok(heap({ buffers: 100 * MiB }) < whole - 80 * MiB);
    assert.ok(heap({ launchers: 1 }) < whole);
  });

  it("tells the smallest limit when the limit is too small, and that one is enough", () => {
    const cases: PlanOptions[] = [
      {},
      { processes: 3 },
      { workers: 2 },
      { reserve: 10 * MiB, buffers: 30 * MiB },
      { workers: "fit", workerBytes: 100 * MiB },
      { workers: 2, workerBytes: 64 * MiB },
    ];
    for (const runtime of RUNTIMES) {
      for (const options of cases) {
        let message = "";
        assert.throws(() => plan(16 * MiB, { ...options, runtime }), (error: Error) => {
          message = error.message;
          return error instanceof RangeError;
        });
        const [, least] = /at least (\d+)\.\dMiB for/.exec(message) ?? [];
        assert.ok(least !== undefined, message);
        assert.match(message, new RegExp(`for ${runtime} .* current value is 16\\.0MiB`));
        plan(Number(least) * MiB, { ...options, runtime });
        assert.throws(() => plan((Number(least) - 4) * MiB, { ...options, runtime }), RangeError);
      }
    }
  });

  it("writes each setting where its runtime reads it, with a reason", () => {
    const made = plan(512 * MiB);
    assert.match(
      variable(made, "node", "NODE_OPTIONS")!,
      /^--max-old-space-size=\d+ --max-semi-space-size=\d+$/,
    );
    assert.match(
      variable(made, "deno", "DENO_V8_FLAGS")!,
      /^--max-old-space-size=\d+,--max-semi-space-size=\d+$/,
    );
    assert.match(variable(made, "bun", "BUN_JSC_forceRAMSize")!, /^\d+$/);
    for (const runtime of RUNTIMES) {
      const { flags, environment, kept } = made.runtimes[runtime]!;
      assert.deepEqual(kept, []);
      for (const { reason } of [...flags, ...environment]) assert.ok(reason.length > 10);
    }
  });

  const kept: [Record<string, string>, string[], typeof RUNTIMES[number], string, string][] = [
    [
      { NODE_OPTIONS: "--max-old-space-size=9" },
      [],
      "node",
      "NODE_OPTIONS",
      "--max-old-space-size=9",
    ],
    [{ NODE_OPTIONS: "--max_heap_size=9" }, [], "node", "NODE_OPTIONS", "--max_heap_size=9"],
    [{}, ["--max-semi-space-size=9"], "node", "command line", "--max-semi-space-size=9"],
    [
      { DENO_V8_FLAGS: "--expose-gc,--max-old-space-size=9" },
      [],
      "deno",
      "DENO_V8_FLAGS",
      "--max-old-space-size=9",
    ],
    [{}, ["--v8-flags=--max-old-space-size=9"], "deno", "--v8-flags", "--max-old-space-size=9"],
    [{ DENO_USE_CGROUPS: "" }, [], "deno", "DENO_USE_CGROUPS", ""],
    [{ BUN_JSC_forceRAMSize: "9" }, [], "bun", "BUN_JSC_forceRAMSize", "9"],
    [{ BUN_OPTIONS: "--smol" }, [], "bun", "BUN_OPTIONS", "--smol"],
    [{}, ["--smol"], "bun", "command line", "--smol"],
    [{ MALLOC_ARENA_MAX: "9" }, [], "node", "MALLOC_ARENA_MAX", "9"],
    [
      { GLIBC_TUNABLES: "glibc.malloc.arena_max=9" },
      [],
      "node",
      "GLIBC_TUNABLES",
      "glibc.malloc.arena_max=9",
    ],
  ];
  for (const [environment, flags, runtime, name, value] of kept) {
    it(`keeps ${JSON.stringify(environment)} ${flags.join(" ")}, and tells`, () => {
      const made = plan(512 * MiB, { runtime, environment, flags }).runtimes[runtime]!;
      assert.deepEqual(made.kept.map(({ name, value }) => [name, value]), [[name, value]]);
      const set = made.environment.map(({ value }) => value).join(" ");
      const before = Object.values(environment).join(" ");
      const subject = value.split("=")[0]!;
      if (subject.startsWith("--max")) {
        assert.equal(set.split(subject).length, before.split(subject).length, set);
      }
    });
  }

  it("puts its flags behind those of the user", () => {
    const environment = { NODE_OPTIONS: " --no-warnings ", DENO_V8_FLAGS: "--expose-gc" };
    const made = plan(512 * MiB, { environment });
    assert.match(variable(made, "node", "NODE_OPTIONS")!, /^--no-warnings --max-old/);
    assert.match(variable(made, "deno", "DENO_V8_FLAGS")!, /^--expose-gc,--max-old/);
  });

  const wrong: [unknown, object, RegExp][] = [
    [NaN, {}, /'limit' must be at least 1 byte and finite: current value is NaN/],
    [Infinity, {}, /'limit' must be .*Infinity/],
    ["512M", {}, /'limit' must be a number of bytes: current value is "512M"/],
    [GiB, { processes: 0 }, /'processes' must be a whole number from 1 up: current value is 0/],
    [GiB, { processes: 1.5 }, /'processes' must be a whole number/],
    [GiB, { workers: -1 }, /'workers' must be a whole number from 0 up/],
    [GiB, { workers: "all" }, /'workers' must be a number or "fit": current value is "all"/],
    [GiB, { workers: "fit" }, /'workerBytes' must be given with workers: "fit"/],
    [GiB, { workerBytes: 0 }, /'workerBytes' must be at least 1/],
    [GiB, { buffers: -1 }, /'buffers' must be at least 0/],
    [GiB, { reserve: "120%" }, /'reserve' must be above 0% and at most 100%/],
    [GiB, { cores: 0 }, /'cores' must be a whole number from 1 up/],
    [GiB, { launchers: -1 }, /'launchers' must be/],
    [GiB, { runtime: "rhino" }, /'runtime' must be one of "deno", "bun", "node"/],
    [GiB, { environment: "" }, /'environment' must be an object/],
    [GiB, { flags: "--a" }, /'flags' must be an array/],
    [GiB, { reserve: "100%" }, /'limit' must be at least/],
  ];
  for (const [limit, options, message] of wrong) {
    it(`refuses ${String(limit)} with ${JSON.stringify(options)}`, () => {
      assert.throws(() => plan(limit as number, options as PlanOptions), { message });
    });
  }
});
