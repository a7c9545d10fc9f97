import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { health, healthReport, LoadShedder, type RequestLike } from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";
import { scripted } from "../support/scripted_shedder.ts";

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
    const sampler = new ScenarioSampler(clock, [{ at: 0, cgroupLimit: Infinity, processRss: 5 }]);
    const shedder = new LoadShedder({ sampler, clock });
    assert.deepEqual(healthReport(shedder), {
      status: "pass",
      level: "normal",
      inFlight: 0,
      rss: 5,
      time: "1970-01-01T00:00:00.000Z",
    });
  });

  it("tells the kernel's event counters without the path of the cgroup", () => {
    const clock = new ManualClock();
    const events = { folder: "/x", high: undefined, max: 7, oom: undefined, oomKill: 1 };
    const sampler = Object.assign(new ScenarioSampler(clock, [{ at: 0, processRss: 5 }]), {
      cgroupEvents: () => events,
    });
    const shedder = new LoadShedder({ sampler, clock });
    assert.deepEqual(JSON.parse(JSON.stringify(healthReport(shedder).events)), {
      max: 7,
      oomKill: 1,
    });
    shedder.close();
    assert.equal(shedder.cgroupEvents(), undefined);
  });

  it("goes on without the counters if reading them fails, and says so", () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const sampler = Object.assign(new ScenarioSampler(clock, [{ at: 0, processRss: 5 }]), {
      cgroupEvents() {
        throw new Error("no counters");
      },
    });
    const onError = (error: unknown) => void errors.push(error);
    const shedder = new LoadShedder({ sampler, clock, onError });
    const { status, events, error } = healthReport(shedder);
    assert.deepEqual([status, events, error], ["pass", undefined, "Error: no counters"]);
    assert.deepEqual(errors.map(String), ["Error: no counters"]);
  });

  it("takes a shedder only, whose thresholds it follows", () => {
    const { clock, sampler } = scripted({ 0: 10 });
    const at = (headroom: number) =>
      health(new LoadShedder({ headroom: headroom * MiB, sampler, clock }))().status;
    assert.deepEqual([at(9), at(11)], [200, 503]);
    for (const check of [health, healthReport]) {
      for (const [given, shown] of [[{ headroom: 1 }, "an object"], [undefined, "undefined"]]) {
        assert.throws(() => check(given as never), {
          name: "TypeError",
          message: `'shedder' must be a LoadShedder: current value is ${shown}`,
        });
      }
    }
  });

  it("collects garbage by itself, as no request comes to a process that is not ready", () => {
    let collections = 0;
    const { clock, sampler } = scripted({ 0: 1, 10: 300 });
    const shedder = new LoadShedder<RequestLike>({
      sampler,
      clock,
      gc: () => {
        collections++;
        clock.tick(10);
      },
    });
    assert.equal(healthReport(shedder).status, "pass");
    assert.equal(collections, 1);
  });

  it("collects no garbage while requests are admitted, nor for a cap of the user's", () => {
    let collections = 0;
    const gc = () => void collections++;
    const { clock, sampler } = scripted({ 0: 400 });
    const open = new LoadShedder<RequestLike>({ sampler, clock, gc });
    assert.equal(healthReport(open).status, "pass");
    const capped = new LoadShedder<RequestLike>({ sampler, clock, gc, inFlight: 0 });
    assert.equal(healthReport(capped).status, "fail");
    const short = scripted({ 0: 90 });
    const low = new LoadShedder<RequestLike>({
      sampler: short.sampler,
      clock: short.clock,
      gc,
      levels: { low: { enter: 100 * MiB, exit: 150 * MiB, inFlight: 5 } },
    });
    assert.equal(healthReport(low).status, "warn");
    assert.equal(collections, 0);
  });

  it("fails while as many requests are in flight as may be, although a trial is due", () => {
    const { clock, sampler } = scripted({ 0: 20 });
    const shedder = new LoadShedder<RequestLike>({ sampler, clock, inFlight: 1, collect: false });
    clock.tick(1_000);
    assert.equal(healthReport(shedder).status, "warn", "the trial would be admitted");
    const trial = shedder.admit({});
    clock.tick(20_000);
    assert.equal(healthReport(shedder).status, "fail");
    assert.ok(trial.admitted);
    trial.release();
    assert.equal(healthReport(shedder).status, "warn");
  });

  it("passes while nothing is known of memory", () => {
    const { clock, sampler } = scripted({ 0: 1 });
    sampler.sample = () => new Promise(() => {}) as never;
    assert.equal(healthReport(new LoadShedder({ sampler, clock })).status, "pass");
  });

  for (const held of ["headroom", "maxRss"]) {
    it(`lets a balancer that follows it reach an idle process again (${held})`, () => {
      const { clock, sampler } = scripted({ 0: held === "headroom" ? 20 : 400 });
      const { sample } = sampler;
      sampler.sample = () =>
        new MemInfo({ ...sample.call(sampler).toJSON(), processRss: 9 } as never);
      const shedder = new LoadShedder<RequestLike>({
        sampler,
        clock,
        gc: () => {},
        exempt: ["/healthz"],
        ...(held === "maxRss" && { maxRss: 8 }),
      });
      let failed = 0;
      let longest = 0;
      let answered = 0;
      for (let poll = 0; poll < 100; poll++) {
        clock.tick(200);
        const { status } = healthReport(shedder);
        if (status === "fail") {
          longest = Math.max(longest, ++failed);
          continue;
        }
        failed = 0;
        assert.equal(status, "warn");
        const admission = shedder.admit({ url: "/work" });
        assert.ok(admission.admitted, "it said that it was ready");
        answered++;
        admission.release();
      }
      assert.ok(longest <= 10, `${longest} polls in a row, 200 ms each`);
      assert.ok(answered >= 10, `${answered} requests in 20 seconds`);
    });
  }
});
