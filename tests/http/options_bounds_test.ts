import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { health, healthReport, LoadShedder, type Rejection, shed } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

const scenario = (init: object = {}) =>
  new ScenarioSampler(new ManualClock(), [{ at: 0, ...init }]);
const make = (options: object) =>
  new LoadShedder({ sampler: scenario(), clock: new ManualClock(), ...options } as never);

describe("the bounds of the options of load shedding", () => {
  it("take what lies on them", () => {
    const good: object[] = [
      { retryAfter: 0 },
      { inFlight: Infinity },
      { inFlight: 0 },
      { leaseTimeout: Infinity },
      { leaseTimeout: 1 },
      { perRequest: () => 5 },
      { perRequest: { bytes: () => 5, within: 5 } },
      { perRequest: 0 },
      { exempt: () => true },
      { maxAge: 0 },
      { headroom: 1 },
    ];
    for (const options of good) assert.doesNotThrow(() => make(options), JSON.stringify(options));
  });

  it("a rejected client may be asked not to wait", () => {
    const tested = make({ inFlight: 0, retryAfter: 0 });
    assert.equal((tested.admit({ url: "/" } as never) as Rejection).headers["retry-after"], "0");
  });
});

describe("a health report", () => {
  it("is JSON that is not kept", async () => {
    const response = health(make({}))();
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal((await response.json()).status, "pass");
  });

  it("has the usage and the limit of the container where they are known", () => {
    const known = { cgroupLimit: 500 * MiB, cgroupCurrent: 10 * MiB };
    const report = healthReport(make({ sampler: scenario(known) }));
    assert.deepEqual([report.usage, report.limit], [10 * MiB, 500 * MiB]);
    assert.ok(!("usage" in healthReport(make({}))));
  });

  it("passes again once sampling works again", () => {
    const clock = new ManualClock();
    let failing = true;
    const sampler = {
      ...scenario(),
      sample() {
        if (failing) throw new Error("out of reach");
        return new MemInfo({ at: 0 });
      },
    };
    const tested = make({ sampler, clock });
    assert.deepEqual(
      [healthReport(tested).status, healthReport(tested).error],
      ["warn", "Error: out of reach"],
    );
    failing = false;
    clock.tick(1_000);
    assert.equal(healthReport(tested).status, "pass");
  });
});

describe("a closed shedder", () => {
  it("takes no further sample, and leaves a sampler open that is not its own", () => {
    const clock = new ManualClock();
    const sampler = scenario({ cgroupLimit: 10, cgroupCurrent: 10 });
    const tested = make({ sampler, clock, collect: false });
    tested.admit({ url: "/" } as never);
    const { samples } = sampler;
    tested[Symbol.dispose]();
    clock.tick(1_000);
    tested.refresh();
    assert.equal(sampler.samples, samples);
    assert.equal(sampler.closed, false);
  });
});

describe("shed()", () => {
  it("closes a shedder of its own, and leaves one open that others ask as well", () => {
    const shared = make({});
    shed(() => new Response("x"), shared as never)[Symbol.dispose]();
    assert.ok(shared.refresh() !== undefined, "still sampling");
    const own = shed(() => new Response("x"), { sampler: scenario(), clock: new ManualClock() });
    assert.ok(own.shedder.refresh() !== undefined);
    own[Symbol.dispose]();
    assert.equal(own.shedder.refresh(), undefined);
  });

  it("answers at once where the handler does", async () => {
    const app = shed(() => new Response("x"), { sampler: scenario(), clock: new ManualClock() });
    const response = app(new Request("http://localhost/"));
    assert.ok(response instanceof Response);
    assert.equal(app.shedder.inFlight, 0);
    const later = shed(() => Promise.resolve(new Response("y")), {
      sampler: scenario(),
      clock: new ManualClock(),
    });
    const promised = later(new Request("http://localhost/"));
    assert.equal(later.shedder.inFlight, 1);
    assert.equal(await (await promised).text(), "y");
    assert.equal(later.shedder.inFlight, 0);
  });
});
