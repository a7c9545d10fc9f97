import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pass } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { outcome, scripted } from "../support/scripted_shedder.ts";

describe("memory reserved for requests in flight", () => {
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
    clock.tick(20);
    // 100 less 50: five more, besides the ten that the sample shows.
    const more = Array.from({ length: 6 }, () => shedder.admit({}));
    assert.deepEqual(more.map(outcome), [true, true, true, true, true, "inFlight"]);
    for (const admission of first) (admission as Pass).release();
    assert.equal(shedder.inFlight, 5);
    clock.tick(60);
    const last = shedder.admit({});
    assert.equal(outcome(last), true);
    for (const admission of [...more.slice(0, 5), last]) (admission as Pass).release();
    clock.tick(60_000);
    clock.assertIdle();
  });

  describe("after its time", () => {
    /** 300 MiB, of which 50 are the threshold: 25 requests of 10 MiB fit, until they settle. */
    const start = () => {
      const { clock, shedder } = scripted({ 0: 300 }, {
        headroom: 50 * MiB,
        perRequest: { bytes: 10 * MiB, within: 50 },
        trial: false,
      });
      const admit = () => shedder.admit({}) as Pass;
      return {
        admit,
        settle() {
          clock.tick(70);
          shedder.refresh();
          assert.equal(shedder.error, undefined);
        },
        /** How many more fit; they are released at once. */
        room() {
          const more: Pass[] = [];
          for (let i = 0; i < 50; i++) {
            const pass = admit();
            if (pass.admitted) more.push(pass);
          }
          for (const { release } of more) release();
          return more.length;
        },
      };
    };

    it("is free again, whichever request is released before", () => {
      for (const released of [[], [0], [1], [2], [0, 1], [1, 2], [0, 2]]) {
        const { admit, settle, room } = start();
        const passes = [admit(), admit(), admit()];
        for (const i of released) passes[i]!.release();
        assert.equal(room(), 22 + released.length, `before, without ${released}`);
        settle();
        assert.equal(room(), 25, `without ${released}`);
      }
    });

    it("is freed once, although the request is released later", () => {
      const { admit, settle, room } = start();
      const passes = [admit(), admit(), admit()];
      settle();
      for (const { release } of passes) release();
      assert.equal(room(), 25);
    });

    it("is reserved for later requests as it was for the first", () => {
      const { admit, settle, room } = start();
      for (let i = 0; i < 3; i++) {
        admit();
        admit();
        assert.equal(room(), 23);
        settle();
        assert.equal(room(), 25);
        settle();
      }
    });
  });

  it("shares one timer, which runs only while requests wait to settle", () => {
    const { clock, shedder } = scripted({ 0: 400 }, {
      perRequest: { bytes: 1, within: 50 },
      leaseTimeout: Infinity,
    });
    const many = Array.from({ length: 100 }, () => shedder.admit({}) as Pass);
    assert.equal(clock.running, 1);
    assert.equal(clock.referenced, 0);
    clock.tick(60);
    clock.assertIdle();
    for (const { release } of many) release();
    assert.equal(shedder.inFlight, 0);
  });
});
