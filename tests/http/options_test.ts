import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Pass, type RequestLike, shed, type ShedOptions } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { ManualClock, StorySampler } from "../../testing.ts";
import { type BadOption, refusesBadOptions } from "../support/bad_options.ts";
import { counted } from "../support/counted_options.ts";
import { outcome, settable } from "../support/scripted_shedder.ts";

describe("options of LoadShedder", () => {
  const rows: BadOption<ShedOptions>[] = [
    [
      "headroom 0",
      { headroom: 0 },
      RangeError,
      /'headroom' must be at least 1 byte and finite.* 0$/,
    ],
    ["both", { headroom: 1, levels: {} }, TypeError, /'headroom' and 'levels' exclude each other/],
    ["no level", { levels: {} }, RangeError, /must have at least one level/],
    [
      "inFlight",
      { inFlight: 1.5 },
      RangeError,
      /'inFlight' must be a whole number from 0 up.*1\.5/,
    ],
    [
      "a level's inFlight",
      { levels: { a: { enter: 2, exit: 3, inFlight: -1 } } },
      RangeError,
      /'levels\.a\.inFlight' .*-1/,
    ],
    [
      "a level's priority",
      { levels: { a: { enter: 2, exit: 3, priority: "x" as never } } },
      TypeError,
      /'levels\.a\.priority' must be a number.*"x"/,
    ],
    ["perRequest", { perRequest: -5 }, RangeError, /'perRequest' must be at least 0.*-5/],
    [
      "perRequest without bytes",
      { perRequest: { within: 5 } as never },
      TypeError,
      /'perRequest\.bytes' must be a number.*undefined/,
    ],
    [
      "perRequest.within",
      { perRequest: { bytes: 5, within: 0 } },
      RangeError,
      /'perRequest\.within' must be above 0.* 0/,
    ],
    ["maxRss", { maxRss: NaN }, RangeError, /'maxRss' must be at least 1 byte and finite.*NaN/],
    ["maxHeapUsed", { maxHeapUsed: "1" as never }, TypeError, /'maxHeapUsed' .*"1"/],
    ["maxAge", { maxAge: Infinity }, RangeError, /'maxAge' must be .*finite.*Infinity/],
    ["exempt", { exempt: ["healthz"] }, TypeError, /'exempt' must hold paths.*"healthz"/],
    ["exempt, no list", { exempt: "/" as never }, TypeError, /'exempt' must be a function.*"\/"/],
    ["priority", { priority: 1 as never }, TypeError, /'priority' must be a function.* 1/],
    ["retryAfter", { retryAfter: "1" as never }, TypeError, /'retryAfter' must be a number.*"1"/],
    ["collect", { collect: 1 as never }, TypeError, /'collect' must be a boolean.* 1/],
    ["trial", { trial: 1 as never }, TypeError, /'trial' must be a boolean.* 1/],
    ["gc", { gc: 1 as never }, TypeError, /'gc' must be a function.* 1/],
    ["sustain", { sustain: 0 }, RangeError, /'sustain' must be a whole number.* 0/],
    ["usage", { usage: "x" as never }, RangeError, /'usage' must be one of.*"x"/],
    ["clock", { clock: {} as never }, TypeError, /'clock' must be an object with a method every/],
    ["options", 5 as never, TypeError, /'options' must be an object.* 5/],
    [
      "headroom 0.1",
      { headroom: 0.1 },
      RangeError,
      /'headroom' must be .* or a share such as "10%": current value is 0\.1$/,
    ],
    ["headroom 0 %", { headroom: "0%" }, RangeError, /'headroom' must be above 0%.* "0%"$/],
    [
      "headroom null",
      { headroom: null as never },
      TypeError,
      /'headroom' must be bytes or a share.* null$/,
    ],
    [
      "headroom as text",
      { headroom: "64MiB" as never },
      TypeError,
      /'headroom' must be bytes or a share such as "10%": current value is "64MiB"$/,
    ],
    [
      "headroom.enter",
      { headroom: { enter: 0.5, exit: 1 } },
      RangeError,
      /'headroom\.enter' must be .* or a share such as "50%": current value is 0\.5$/,
    ],
    [
      "headroom.exit",
      { headroom: { enter: "20%", exit: "10%" } },
      RangeError,
      /'headroom\.exit' must be at least enter, "20%": current value is "10%"$/,
    ],
    [
      "a level's enter",
      { levels: { a: { enter: 0, exit: 3 } } },
      RangeError,
      /'levels\.a\.enter' must be at least 1 byte.* 0$/,
    ],
    ["levels", { levels: 5 as never }, TypeError, /'levels' must be an object.* 5$/],
    [
      'a level with the name "normal"',
      { levels: { normal: { enter: 5, exit: 6, inFlight: 0 } } },
      RangeError,
      /name of a level must not be "normal", which means .* current value is "normal"$/,
    ],
    [
      "a level with an integer as its name",
      { levels: { low: { enter: 5, exit: 6 }, 1: { enter: 3, exit: 4 } } },
      RangeError,
      /name of a level must not be an integer.* current value is "1"$/,
    ],
    ["maxRss 0.8", { maxRss: 0.8 }, RangeError, /'maxRss' must be .* such as "80%".* 0\.8$/],
    ["maxRss 101 %", { maxRss: "101%" }, RangeError, /'maxRss' must be .* at most 100%/],
    ["maxHeapUsed 0.85", { maxHeapUsed: 0.85 }, RangeError, /'maxHeapUsed' .* "85%".* 0\.85$/],
    [
      "a clock without now",
      { clock: { every() {} } as never },
      TypeError,
      /'clock' must be an object with a method now/,
    ],
    [
      "a level",
      { levels: { a: 5 } } as never,
      TypeError,
      /'levels\.a' must be an object: current value is 5$/,
    ],
    [
      "onRefused 5",
      { onRefused: 5 } as never,
      TypeError,
      /'onRefused' must be a function: current value is 5$/,
    ],
    [
      "onExpired 5",
      { onExpired: 5 } as never,
      TypeError,
      /'onExpired' must be a function: current value is 5$/,
    ],
    [
      "onError 5",
      { onError: 5 } as never,
      TypeError,
      /'onError' must be a function: current value is 5$/,
    ],
    [
      "leaseTimeout 0",
      { leaseTimeout: 0 } as never,
      RangeError,
      /'leaseTimeout' must be above 0.*current value is 0$/,
    ],
    [
      "leaseTimeout as text",
      { leaseTimeout: "5" } as never,
      TypeError,
      /'leaseTimeout'.*current value is "5"$/,
    ],
    ["sampler without sample", { sampler: {} } as never, TypeError, /'sampler'.*sample\(\)/],
    [
      "inFlight as text",
      { inFlight: "5" } as never,
      TypeError,
      /'inFlight' must be a number of requests.*"5"$/,
    ],
    [
      "perRequest null",
      { perRequest: null } as never,
      TypeError,
      /'perRequest' must be a number: current value is null$/,
    ],
    [
      "perRequest.bytes as text",
      { perRequest: { bytes: "5", within: 5 } } as never,
      TypeError,
      /'perRequest\.bytes' must be a number.*"5"$/,
    ],
    [
      "retryAfter -1",
      { retryAfter: -1 } as never,
      RangeError,
      /'retryAfter' must be a whole number.*from 0 up: current value is -1$/,
    ],
    [
      "usage next to a sampler",
      { sampler: new StorySampler(new ManualClock(), [{ at: 0 }]), usage: "current" } as never,
      TypeError,
      /'usage' and 'sampler' exclude each other.*"current"/,
    ],
  ];
  refusesBadOptions((options) => new LoadShedder(options), rows);
});

/** Every option but `headroom`, which excludes `levels`, and those of an own sampler. */
function allOptions(headroom: number) {
  const { clock, sampler } = settable(headroom);
  return {
    levels: {
      low: { enter: 64 * MiB, exit: 96 * MiB, priority: 1, inFlight: 9 },
      critical: { enter: 8 * MiB, exit: 16 * MiB, priority: 2, inFlight: 0 },
    },
    sustain: 2,
    inFlight: 5,
    maxRss: "90%",
    maxHeapUsed: "90%",
    perRequest: { bytes: (_request: RequestLike) => MiB, within: 50 },
    priority: ({ url }: RequestLike): number => url === "/pay" ? 1 : 0,
    exempt: ["/healthz"],
    retryAfter: () => 7,
    maxAge: 0,
    collect: true,
    trial: false,
    leaseTimeout: 1_000,
    gc: () => {},
    onRefused: () => {},
    onExpired: () => {},
    onError: () => {},
    sampler,
    clock,
  } satisfies ShedOptions;
}

describe("options of a shedder", () => {
  for (const start of ["LoadShedder", "shed"]) {
    it(`are each read once, inherited and by getter (${start})`, async () => {
      const all = allOptions(60);
      const low = counted(all.levels.low);
      let levelReads = 0;
      // Names of levels are own properties.
      const levels = Object.defineProperty({ ...all.levels }, "low", {
        enumerable: true,
        get() {
          levelReads++;
          return low.options;
        },
      });
      const perRequest = counted(all.perRequest);
      const { options, reads } = counted({ ...all, levels, perRequest: perRequest.options });
      if (start === "LoadShedder") {
        const shedder = new LoadShedder(options);
        assert.equal(outcome(shedder.admit({ url: "/x" })), "priority");
        (shedder.admit({ url: "/pay" }) as Pass).release();
        shedder.refresh();
        shedder.close();
      } else {
        const handler = shed(() => new Response(), options as ShedOptions<Request>);
        assert.equal((await handler(new Request("http://x/x"))).status, 503);
        handler[Symbol.dispose]();
      }
      const once = (names: object) => Object.keys(names).map((name) => [name, 1]);
      assert.deepEqual([...reads], once(all));
      assert.equal(levelReads, 1);
      assert.deepEqual([...low.reads], once(all.levels.low));
      assert.deepEqual([...perRequest.reads], once(all.perRequest));
    });
  }

  it("of one threshold and of an own sampler are each read once", () => {
    const headroom = counted({ enter: "10%", exit: "20%" } as const);
    const { options, reads } = counted({
      headroom: headroom.options,
      usage: "current" as const,
      adapter: "runtime" as const,
      root: undefined,
    });
    const shedder = new LoadShedder(options);
    for (let i = 0; i < 3; i++) shedder.admit({});
    shedder.close();
    assert.deepEqual([...reads], [...reads.keys()].map((name) => [name, 1]));
    assert.deepEqual([...headroom.reads], [["enter", 1], ["exit", 1]]);
  });

  it("have no effect once they change later", () => {
    const options = allOptions(60);
    const shedder = new LoadShedder(options);
    const told: string[] = [];
    options.levels.low.priority = 0;
    options.levels.low.enter = 1;
    options.perRequest.bytes = () => 1e12;
    options.priority = () => 9;
    options.inFlight = 0;
    options.exempt.push("/x");
    options.retryAfter = () => 99;
    options.onRefused = () => void told.push("changed");
    const refusal = shedder.admit({ url: "/x" });
    assert.equal(outcome(refusal), "priority");
    assert.equal(!refusal.admitted && refusal.headers["retry-after"], "7");
    assert.equal(outcome(shedder.admit({ url: "/pay" })), true);
    assert.deepEqual(told, []);
    shedder.close();
  });
});

describe("types of options", () => {
  it("make a LoadShedder of every ShedOptions", () => {
    const build = (options: ShedOptions): LoadShedder => new LoadShedder(options);
    const buildFor = <R extends RequestLike>(options: ShedOptions<R>): LoadShedder<R> =>
      new LoadShedder(options);
    const inline: LoadShedder = new LoadShedder({ priority: ({ url }) => url === "/" ? 1 : 0 });
    const web: LoadShedder<Request> = new LoadShedder({
      priority: ({ headers }: Request) => headers.has("authorization") ? 1 : 0,
    });
    // A shedder of any request decides about web-standard ones.
    const handler = shed(() => new Response(), build({}) satisfies LoadShedder<Request>);
    for (const shedder of [buildFor({}), inline, web, handler.shedder]) shedder.close();
  });

  it("do not take a sampler and options for one", () => {
    const { sampler } = settable(100);
    // @ts-expect-error: the sampler decides which usage it reads
    assert.throws(() => new LoadShedder({ sampler, usage: "current" }), TypeError);
  });

  it("do not take a share without its sign", () => {
    // @ts-expect-error: bytes, or a share with a sign
    assert.throws(() => new LoadShedder({ headroom: "10" }), TypeError);
  });
});
