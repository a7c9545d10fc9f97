import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  health,
  healthReport,
  LoadShedder,
  type MemInfoInit,
  type Pass,
  type Refusal,
  type RequestLike,
  type Sampler,
  shed,
  type ShedOptions,
} from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, type StoryMoment, StorySampler } from "../../testing.ts";

const LIMIT = { cgroupLimit: 500 * MiB };

/** Memory with this much headroom. */
function left(mebibytes: number): MemInfoInit {
  return { cgroupCurrent: (500 - mebibytes) * MiB };
}

/** A shedder on a manual clock; the story is headroom in MiB by time. */
function scripted(
  story: Record<number, number>,
  options: ShedOptions<RequestLike> = {},
): { clock: ManualClock; sampler: StorySampler; shedder: LoadShedder<RequestLike> } {
  const clock = new ManualClock();
  const moments: StoryMoment[] = Object.entries(story).map(([at, headroom]) => ({
    ...LIMIT,
    ...left(headroom),
    at: Number(at),
  }));
  const sampler = new StorySampler(clock, moments);
  const shedder = new LoadShedder<RequestLike>({ sampler, clock, collect: false, ...options });
  return { clock, sampler, shedder };
}

/** `true`, or why not. */
function outcome(admission: Pass | Refusal): true | string {
  return admission.admitted || admission.reason;
}

describe("LoadShedder", () => {
  it("refuses below the threshold until there is half as much again", () => {
    const { clock, shedder } = scripted({ 0: 100, 100: 63, 200: 90, 300: 97 }, {
      headroom: 64 * MiB,
    });
    const seen = [0, 100, 200, 300].map((at) => {
      clock.tick(at - clock.now());
      return outcome(shedder.admit({ url: "/" }));
    });
    assert.deepEqual(seen, [true, "headroom", "headroom", true]);
    assert.deepEqual([shedder.admitted, shedder.refused], [2, 2]);
  });

  it("by default refuses below a tenth of the limit", () => {
    assert.equal(outcome(scripted({ 0: 51 }).shedder.admit({})), true);
    assert.equal(outcome(scripted({ 0: 49 }).shedder.admit({})), "headroom");
  });

  it("lets everything in where headroom is unknown", () => {
    const clock = new ManualClock();
    const sampler = new StorySampler(clock, [{ at: 0 }]);
    const shedder = new LoadShedder({ sampler, clock, perRequest: 1 });
    assert.equal(outcome(shedder.admit(new Request("http://x/"))), true);
  });

  it("says in a refusal what RFC 9457 and a client need", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: 7 });
    const refusal = shedder.admit({ url: "/" }) as Refusal;
    assert.equal(refusal.status, 503);
    assert.deepEqual(refusal.headers, {
      "content-type": "application/problem+json",
      "retry-after": "7",
      "cache-control": "no-store",
    });
    assert.deepEqual(refusal.body, {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "Memory is short; try again in 7 s",
    });
  });

  it("takes Retry-After from a function of the snapshot", () => {
    const { shedder } = scripted({ 0: 1 }, { retryAfter: (info) => info!.headroom()! / MiB + 2 });
    assert.equal((shedder.admit({}) as Refusal).headers["retry-after"], "3");
    const bad = scripted({ 0: 1 }, { retryAfter: () => 0.5 }).shedder;
    assert.throws(() => bad.admit({}), /'retryAfter' must be a whole number.*0\.5/);
  });

  it("neither refuses nor counts what is exempt", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: ["/healthz", /^\/internal\//] });
    for (
      const url of [
        "/healthz",
        "/healthz?full",
        "http://host:8000/healthz",
        "https://host/internal/x#y",
      ]
    ) {
      assert.equal(outcome(shedder.admit({ url })), true, url);
    }
    for (const url of ["/healthz/more", "/x?/healthz", "http://host", undefined]) {
      assert.equal(outcome(shedder.admit({ url })), "headroom", String(url));
    }
    assert.equal(shedder.admitted, 0);
    const global = scripted({ 0: 1 }, { exempt: [/healthz/g] }).shedder;
    for (let i = 0; i < 3; i++) assert.equal(outcome(global.admit({ url: "/healthz" })), true);
    const chosen = scripted({ 0: 1 }, { exempt: ({ url }) => url === "/me" }).shedder;
    assert.deepEqual([{ url: "/me" }, { url: "/you" }].map((r) => outcome(chosen.admit(r))), [
      true,
      "headroom",
    ]);
  });

  it("caps requests in flight by the level", () => {
    const { clock, shedder } = scripted({ 0: 300, 100: 90 }, {
      inFlight: 4,
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, inFlight: 2 } },
    });
    const many = Array.from({ length: 6 }, () => shedder.admit({}));
    assert.deepEqual(many.map(outcome), [true, true, true, true, "inFlight", "inFlight"]);
    assert.equal(shedder.inFlight, 4);
    clock.tick(100);
    for (const admission of many.slice(0, 2)) (admission as Pass).release();
    (many[0] as Pass).release();
    assert.equal(shedder.inFlight, 2);
    assert.equal(outcome(shedder.admit({})), "inFlight");
    assert.equal(shedder.level, "low");
    (many[2] as Pass).release();
    assert.equal(outcome(shedder.admit({})), true);
  });

  it("refuses those of less priority first", () => {
    const { shedder } = scripted({ 0: 90 }, {
      levels: {
        low: { enter: 100 * MiB, exit: 150 * MiB, priority: 1 },
        critical: { enter: 20 * MiB, exit: 50 * MiB, inFlight: 0 },
      },
      priority: ({ url }) => url === "/pay" ? 2 : url === "/odd" ? NaN : 0,
    });
    assert.equal(outcome(shedder.admit({ url: "/browse" })), "priority");
    assert.equal(outcome(shedder.admit({ url: "/pay" })), true);
    assert.throws(() => shedder.admit({ url: "/odd" }), /'priority' must be a number.*NaN/);
  });

  it("refuses above a resident set and a heap of a given size", () => {
    const decide = (moment: MemInfoInit, options: ShedOptions<RequestLike>) => {
      const clock = new ManualClock();
      const sampler = new StorySampler(clock, [{ ...LIMIT, ...left(400), ...moment, at: 0 }]);
      const shedder = new LoadShedder({ sampler, clock, collect: false, ...options });
      const decided = outcome(shedder.admit({}));
      assert.equal(shedder.refusesAll, decided !== true);
      return decided;
    };
    const process = { processRss: 90, heapUsed: 60, heapLimit: 100 };
    assert.equal(decide(process, { maxRss: 90, maxHeapUsed: 60 }), true);
    assert.equal(decide(process, { maxRss: 89 }), "rss");
    assert.equal(decide(process, { maxHeapUsed: 59 }), "heapUsed");
    assert.equal(decide(process, { maxHeapUsed: 0.5 }), "heapUsed");
    assert.equal(decide(process, { maxHeapUsed: 0.6 }), true);
    assert.equal(decide({ heapUsed: 60 }, { maxHeapUsed: 0.5 }), true, "a part of nothing known");
  });

  it("sets memory aside for a burst that no sample shows yet", () => {
    // 200 MiB less the 50 of the threshold is enough for 15 of 10 MiB.
    const { shedder } = scripted({ 0: 200 }, { headroom: 50 * MiB, perRequest: 10 * MiB });
    const burst = Array.from({ length: 20 }, () => shedder.admit({}));
    assert.equal(burst.filter(({ admitted }) => admitted).length, 15);
    assert.equal(outcome(burst[19]!), "inFlight");
    (burst[0] as Pass).release();
    assert.equal(outcome(shedder.admit({})), true);
  });

  it("sets aside what a function says of each request", () => {
    const { shedder } = scripted({ 0: 100 }, {
      headroom: 50 * MiB,
      perRequest: ({ url }) => Number(url!.slice(1)) * MiB,
    });
    const seen = ["/30", "/30", "/20", "/1", "/0", "/60"].map((url) => shedder.admit({ url }));
    assert.deepEqual(seen.map(outcome), [true, "inFlight", true, "inFlight", true, "headroom"]);
    (seen[0] as Pass).release();
    assert.equal(outcome(shedder.admit({ url: "/30" })), true);
    assert.throws(() => shedder.admit({ url: "/x" }), /'perRequest' must be at least 0.*NaN/);
  });

  it("counts once what has settled", () => {
    const { clock, shedder } = scripted({ 0: 200, 40: 100 }, {
      headroom: 50 * MiB,
      perRequest: { bytes: 10 * MiB, within: 50 },
    });
    const first = Array.from({ length: 10 }, () => shedder.admit({}));
    assert.deepEqual(first.map(outcome), first.map(() => true));
    clock.tick(40);
    assert.equal(outcome(shedder.admit({})), "inFlight", "counted twice");
    clock.tick(10);
    // 100 less 50: five more, besides the ten that the sample shows.
    const more = Array.from({ length: 6 }, () => shedder.admit({}));
    assert.deepEqual(more.map(outcome), [true, true, true, true, true, "inFlight"]);
    for (const admission of first) (admission as Pass).release();
    assert.equal(shedder.inFlight, 5);
    clock.tick(50);
    const last = shedder.admit({});
    assert.equal(outcome(last), true);
    for (const admission of [...more.slice(0, 5), last]) (admission as Pass).release();
    clock.assertIdle();
  });

  it("takes a sample only when the last one is too old", () => {
    const { clock, sampler, shedder } = scripted({ 0: 200 }, { maxAge: 20 });
    for (let i = 0; i < 100; i++) shedder.admit({});
    assert.equal(sampler.samples, 1);
    clock.tick(19);
    shedder.admit({});
    assert.equal(sampler.samples, 1);
    clock.tick(1);
    shedder.admit({});
    assert.equal(sampler.samples, 2);
  });

  it("collects what answered requests left, when nothing else would", () => {
    let collections = 0;
    let current = 100;
    const clock = new ManualClock();
    const sampler = new StorySampler(clock, [{ at: 0, ...LIMIT, cgroupCurrent: 0 }]);
    sampler.sample = () => new MemInfo({ ...LIMIT, cgroupCurrent: current * MiB });
    const shedder = new LoadShedder({
      sampler,
      clock,
      headroom: 64 * MiB,
      gc: () => {
        collections++;
        if (collections === 1) current = 100;
      },
    });
    const request = new Request("http://x/");
    const flight = shedder.admit(request) as Pass;
    current = 490;
    clock.tick(11_000);
    // Once although nothing was answered: what is garbage may be of others.
    assert.equal(outcome(shedder.admit(request)), true);
    assert.equal(collections, 1);

    current = 490;
    const collected = (milliseconds: number) => {
      const before = collections;
      for (let i = 0; i < milliseconds; i += 10) {
        clock.tick(10);
        assert.equal(outcome(shedder.admit(request)), "headroom");
      }
      return collections - before;
    };
    // Twice as seldom each time: after 50, 100, 200, 400, 800 ms …
    assert.equal(collected(1_000), 4, "nothing was answered since");
    assert.ok(collected(60_000) < 12, "no storm");
    flight.release();
    assert.equal(collected(10), 1, "at once");
    assert.equal(collected(10), 0);
  });

  it("lets few in again where collecting gives nothing back", () => {
    const { clock, shedder } = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB });
    const never = scripted({ 0: 60 }, { headroom: 64 * MiB });
    const off = scripted({ 0: 400, 100: 60 }, { headroom: 64 * MiB, probe: false });
    for (const { admit } of [shedder, off.shedder].map((one) => ({ admit: () => one.admit({}) }))) {
      (admit() as Pass).release();
    }
    for (const each of [clock, never.clock, off.clock]) each.tick(100);
    assert.equal(outcome(shedder.admit({})), "headroom", "not at once");
    for (const each of [clock, never.clock, off.clock]) each.tick(900);
    // Half of 60 MiB is enough for three of 8.
    const probes = Array.from({ length: 5 }, () => shedder.admit({}));
    assert.deepEqual(probes.map(outcome), [true, true, true, "headroom", "headroom"]);
    (probes[0] as Pass).release();
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(outcome(never.shedder.admit({})), "headroom", "it has nothing to use again");
    assert.equal(outcome(off.shedder.admit({})), "headroom");
  });

  it("does not collect for a cap of the user's, nor when told not to", () => {
    let collections = 0;
    const gc = () => collections++;
    const capped = scripted({ 0: 400 }, { inFlight: 0, collect: true, gc }).shedder;
    assert.equal(outcome(capped.admit({})), "inFlight");
    const told = scripted({ 0: 1 }, { collect: false, gc }).shedder;
    assert.equal(outcome(told.admit({})), "headroom");
    assert.equal(collections, 0);
  });

  it("follows a sampler that takes its time", async () => {
    const clock = new ManualClock();
    let answer: (info: MemInfo) => void = () => {};
    let fail: (reason: unknown) => void = () => {};
    const sampler: Sampler = {
      signals: new StorySampler(clock, [{ at: 0 }]).signals,
      sample: () =>
        new Promise((resolve, reject) => {
          answer = resolve;
          fail = reject;
        }),
      close() {},
      [Symbol.dispose]() {},
    };
    const shedder = new LoadShedder({ sampler, clock, collect: false });
    const request = new Request("http://x/");
    assert.equal(outcome(shedder.admit(request)), true, "before the first sample");
    answer(new MemInfo({ ...LIMIT, ...left(1) }));
    await clock.tickAsync(0);
    assert.equal(outcome(shedder.admit(request)), "headroom");
    clock.tick(10);
    shedder.admit(request);
    fail(new Error("no more"));
    await clock.tickAsync(0);
    assert.throws(() => shedder.admit(request), /no more/);
  });

  it("tells each refusal, and lets everything in once closed", () => {
    const told: unknown[] = [];
    const { sampler, shedder } = scripted({ 0: 1 }, {
      onRefused: ({ url }, reason, info) => told.push([url, reason, info!.headroom()]),
    });
    shedder.admit({ url: "/x" });
    assert.deepEqual(told, [["/x", "headroom", MiB]]);
    shedder.close();
    assert.equal(outcome(shedder.admit({})), true);
    assert.equal(sampler.closed, false, "it was given, so it stays open");
  });

  const bad: [string, ShedOptions, RegExp, typeof TypeError | typeof RangeError][] = [
    ["headroom 0", { headroom: 0 }, /'short\.enter' must be above 0 and finite.* 0/, RangeError],
    ["both", { headroom: 1, levels: {} }, /'headroom' and 'levels' exclude each other/, TypeError],
    ["no level", { levels: {} }, /must have at least one level/, RangeError],
    [
      "inFlight",
      { inFlight: 1.5 },
      /'inFlight' must be a whole number from 0 up.*1\.5/,
      RangeError,
    ],
    [
      "a level's inFlight",
      { levels: { a: { enter: 2, exit: 3, inFlight: -1 } } },
      /'levels\.a\.inFlight' .*-1/,
      RangeError,
    ],
    [
      "a level's priority",
      { levels: { a: { enter: 2, exit: 3, priority: "x" as never } } },
      /'levels\.a\.priority' must be a number.*"x"/,
      TypeError,
    ],
    ["perRequest", { perRequest: -5 }, /'perRequest' must be at least 0.*-5/, RangeError],
    [
      "perRequest without bytes",
      { perRequest: { within: 5 } as never },
      /'perRequest\.bytes' must be a number.*undefined/,
      TypeError,
    ],
    [
      "perRequest.within",
      { perRequest: { bytes: 5, within: 0 } },
      /'perRequest\.within' must be above 0.* 0/,
      RangeError,
    ],
    ["maxRss", { maxRss: NaN }, /'maxRss' must be at least 0.*NaN/, RangeError],
    ["maxHeapUsed", { maxHeapUsed: "1" as never }, /'maxHeapUsed' .*"1"/, TypeError],
    ["maxAge", { maxAge: Infinity }, /'maxAge' must be .*finite.*Infinity/, RangeError],
    ["exempt", { exempt: ["healthz"] }, /'exempt' must hold paths.*"healthz"/, TypeError],
    ["exempt, no list", { exempt: "/" as never }, /'exempt' must be a function.*"\/"/, TypeError],
    ["priority", { priority: 1 as never }, /'priority' must be a function.* 1/, TypeError],
    ["retryAfter", { retryAfter: -1 }, /'retryAfter' must be a whole number.*-1/, RangeError],
    ["retryAfter", { retryAfter: "1" as never }, /'retryAfter' must be a number.*"1"/, TypeError],
    ["collect", { collect: 1 as never }, /'collect' must be a boolean.* 1/, TypeError],
    ["probe", { probe: 1 as never }, /'probe' must be a boolean.* 1/, TypeError],
    ["gc", { gc: 1 as never }, /'gc' must be a function.* 1/, TypeError],
    ["sustain", { sustain: 0 }, /'sustain' must be a whole number.* 0/, RangeError],
    ["usage", { usage: "x" as never }, /'usage' must be one of.*"x"/, RangeError],
    ["clock", { clock: {} as never }, /'clock' must be an object with a method every/, TypeError],
    ["options", 5 as never, /'options' must be an object.* 5/, TypeError],
  ];
  for (const [name, options, message, type] of bad) {
    it(`refuses a bad ${name}`, () => {
      assert.throws(() => new LoadShedder(options), (error) => {
        assert.ok(error instanceof type, String(error));
        assert.match(error.message, message);
        return true;
      });
    });
  }
});

describe("shed()", () => {
  it("answers 503 without touching the body", async () => {
    const { clock, sampler } = scripted({ 0: 1 });
    let pulled = false;
    const body = new ReadableStream({
      pull(controller) {
        pulled = true;
        controller.close();
      },
    }, { highWaterMark: 0 });
    const handler = shed(() => assert.fail("it was called"), { sampler, clock, collect: false });
    const request = new Request("http://x/", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    const response = await handler(request);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal((await response.json()).status, 503);
    assert.deepEqual([request.bodyUsed, pulled], [false, false]);
  });

  it("counts a request until its answer is there, however that ends", async () => {
    const { clock, sampler } = scripted({ 0: 400 });
    let settle: (response: Response) => void = () => {};
    const handler = shed((request: Request, extra: string) => {
      if (request.url.endsWith("/throw")) throw new Error("thrown");
      if (request.url.endsWith("/reject")) return Promise.reject(new Error("rejected"));
      if (request.url.endsWith("/now")) return new Response(extra);
      return new Promise<Response>((resolve) => settle = resolve);
    }, { sampler, clock });
    const ask = (path: string) => handler(new Request(`http://x${path}`), "extra");
    const slow = ask("/slow");
    assert.equal(handler.shedder.inFlight, 1);
    assert.equal(await (await ask("/now")).text(), "extra");
    assert.throws(() => ask("/throw"), /thrown/);
    await assert.rejects(async () => await ask("/reject"), /rejected/);
    assert.equal(handler.shedder.inFlight, 1);
    settle(new Response("late"));
    assert.equal(await (await slow).text(), "late");
    assert.equal(handler.shedder.inFlight, 0);
  });

  it("answers as it is told to", async () => {
    const { clock, sampler } = scripted({ 0: 1 });
    const handler = shed(() => new Response("served"), {
      sampler,
      clock,
      collect: false,
      respond: ({ reason }, { url }) => new Response(`${reason} ${url}`, { status: 429 }),
    });
    const response = await handler(new Request("http://x/a"));
    assert.deepEqual([response.status, await response.text()], [429, "headroom http://x/a"]);
  });

  it("refuses what is no handler", () => {
    assert.throws(() => shed(5 as never), /'handler' must be a function.* 5/);
    assert.throws(() => shed(() => new Response(), { respond: 5 as never }), /'respond' .* 5/);
  });

  it("closes its own shedder, and not one that it was given", () => {
    const own = shed(() => new Response());
    own[Symbol.dispose]();
    assert.equal(own.shedder.refresh(), undefined);
    const shedder = new LoadShedder();
    shed(() => new Response(), shedder)[Symbol.dispose]();
    assert.ok(shedder.refresh() instanceof MemInfo || shedder.refresh() === undefined);
    shedder.close();
  });
});

describe("health()", () => {
  it("passes, warns and fails with the level", async () => {
    const { clock, shedder } = scripted({ 0: 400, 100: 90, 200: 10 }, {
      levels: {
        low: { enter: 100 * MiB, exit: 150 * MiB },
        critical: { enter: 20 * MiB, exit: 50 * MiB, inFlight: 0 },
      },
    });
    const ready = health(shedder);
    const seen: unknown[] = [];
    for (const at of [0, 100, 200]) {
      clock.tick(at - clock.now());
      const response = ready();
      const { status, level, headroom, limit } = await response.json();
      seen.push([response.status, status, level, headroom / MiB, limit / MiB]);
    }
    assert.deepEqual(seen, [
      [200, "pass", "normal", 400, 500],
      [200, "warn", "low", 90, 500],
      [503, "fail", "critical", 10, 500],
    ]);
  });

  it("leaves out what is unavailable, such as a limit that is none", () => {
    const clock = new ManualClock();
    const sampler = new StorySampler(clock, [{ at: 0, cgroupLimit: Infinity, processRss: 5 }]);
    const shedder = new LoadShedder({ sampler, clock });
    assert.deepEqual(healthReport(shedder), {
      status: "pass",
      level: "normal",
      inFlight: 0,
      rss: 5,
      time: "1970-01-01T00:00:00.000Z",
    });
  });

  it("takes options for a shedder of its own", () => {
    const { clock, sampler } = scripted({ 0: 10 });
    assert.equal(health({ headroom: 9 * MiB, sampler, clock })().status, 200);
    assert.equal(health({ headroom: 11 * MiB, sampler, clock })().status, 503);
    assert.throws(() => health({ headroom: -1 }), /must be above 0/);
  });
});
