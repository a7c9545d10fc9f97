import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pass } from "../../http.ts";
import { scripted } from "../support/scripted_shedder.ts";

describe("the lease of an admitted request", () => {
  it("expires, is reported, and no longer counts", () => {
    const expired: unknown[] = [];
    const { clock, shedder } = scripted({ 0: 400 }, {
      leaseTimeout: 1_000,
      inFlight: 2,
      onExpired: ({ url }) => void expired.push(url),
    });
    const kept = shedder.admit({ url: "/kept" }) as Pass;
    (shedder.admit({ url: "/released" }) as Pass).release();
    assert.equal(clock.referenced, 0);
    clock.tick(999);
    assert.deepEqual([shedder.inFlight, shedder.expired], [1, 0]);
    clock.tick(251);
    assert.deepEqual([shedder.inFlight, shedder.expired], [0, 1]);
    assert.deepEqual(expired, ["/kept"]);
    kept.release();
    assert.deepEqual([shedder.inFlight, shedder.admitted], [0, 2]);
    clock.assertIdle();
  });

  it("lasts for its time and up to a quarter more, where a timer runs already", () => {
    const { clock, shedder } = scripted({ 0: 400 }, { leaseTimeout: 1_000 });
    const inFlight = (at: number) => {
      clock.tick(at - clock.now());
      return shedder.inFlight;
    };
    shedder.admit({});
    clock.tick(199);
    shedder.admit({});
    assert.deepEqual([inFlight(999), inFlight(1_000)], [2, 1]);
    assert.deepEqual([inFlight(1_198), inFlight(1_200)], [1, 0]);
    clock.tick(10);
    shedder.admit({});
    assert.deepEqual([inFlight(2_209), inFlight(2_210)], [1, 0]);
  });

  it("is watched in five ticks, however long it is", () => {
    for (const [leaseTimeout, ticks] of [[1, 1], [4, 4], [5, 5], [300_000, 5]] as const) {
      const { clock, shedder } = scripted({ 0: 400 }, { leaseTimeout });
      const every = clock.every.bind(clock);
      let fired = 0;
      clock.every = (interval, tick, unref) => every(interval, () => (fired++, tick()), unref);
      shedder.admit({});
      clock.tick(2 * leaseTimeout);
      assert.equal(fired, ticks, `${leaseTimeout} ms`);
    }
  });

  it("is watched by one timer for all, and by none once closed", () => {
    const { clock, shedder } = scripted({ 0: 400 });
    for (let i = 0; i < 100; i++) shedder.admit({});
    assert.equal(clock.running, 1);
    clock.tick(299_999);
    assert.equal(shedder.inFlight, 100);
    shedder.close();
    clock.assertIdle();
    shedder.admit({});
    clock.assertIdle();
  });

  it("outlives an onExpired that throws or rejects", async () => {
    const errors: unknown[] = [];
    const { clock, shedder } = scripted({ 0: 400 }, {
      leaseTimeout: 10,
      onExpired: ({ url }) => {
        if (url === "/rejects") return Promise.reject(new Error("rejected")) as never;
        throw new Error("thrown");
      },
      onError: (error) => void errors.push(String(error)),
    });
    shedder.admit({ url: "/throws" });
    shedder.admit({ url: "/rejects" });
    await clock.tickAsync(20);
    assert.deepEqual(errors, ["Error: thrown", "Error: rejected"]);
    assert.equal(shedder.inFlight, 0);
  });

  it("may be disabled", () => {
    const { clock, shedder } = scripted({ 0: 400 }, { leaseTimeout: Infinity });
    shedder.admit({});
    clock.assertIdle();
    shedder.close();
  });

  it("needs no onExpired", () => {
    const { clock, shedder } = scripted({ 0: 400 }, { leaseTimeout: 1_000 });
    shedder.admit({});
    clock.tick(1_000);
    assert.deepEqual([shedder.expired, shedder.error], [1, undefined]);
  });
});
