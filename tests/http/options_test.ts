import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Pass, type RequestLike, shed, type ShedOptions } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { counted } from "../support/counted_options.ts";
import { outcome, settable } from "../support/scripted_shedder.ts";

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
    onRejected: () => {},
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
    options.onRejected = () => void told.push("changed");
    const rejection = shedder.admit({ url: "/x" });
    assert.equal(outcome(rejection), "priority");
    assert.equal(!rejection.admitted && rejection.headers["retry-after"], "7");
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
