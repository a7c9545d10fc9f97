import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gauge, Registry } from "prom-client";
import { MemInfo } from "../../mod.ts";
import { observeMemory } from "../../prometheus.ts";
import { ManualClock } from "../../testing.ts";
import { ScriptedSampler } from "../support/scripted_sampler.ts";
import { scrape, still, without } from "../support/scrape.ts";

describe("a sampler that fails", () => {
  const ways: Record<string, () => unknown> = {
    throws: () => {
      throw new Error("no memory today");
    },
    rejects: () => Promise.reject(new Error("no memory today")),
    "gives a thenable that throws": () => ({
      then() {
        throw new Error("no memory today");
      },
    }),
    "gives no snapshot": () => undefined,
    "resolves to no snapshot": () => Promise.resolve(5),
    "rejects without a reason": () => Promise.reject(),
  };
  for (const [way, fail] of Object.entries(ways)) {
    it(`that ${way}: the scrape has all other figures, and says so`, async () => {
      const sampler = still({ processRss: 7 });
      const sample = sampler.sample;
      const registry = new Registry();
      new Gauge({ name: "other", help: "Of the user's.", registers: [registry] }).set(5);
      const errors: unknown[] = [];
      observeMemory(registry, { sampler, onError: (error) => errors.push(error) });
      const works = { other: 5, memctl_process_resident_bytes: 7 };
      sampler.sample = fail as never;
      assert.deepEqual(await scrape(registry), { other: 5, ...without(1) });
      assert.deepEqual(await scrape(registry), { other: 5, ...without(2) });
      assert.equal(errors.length, 1, "reported once");
      assert.match(
        String(errors[0]),
        /A scrape has no figures of 'sampler', because it failed: \S/,
      );
      assert.ok((errors[0] as Error).cause !== undefined);
      sampler.sample = sample;
      assert.deepEqual(await scrape(registry), { ...works, ...without(2) });
      sampler.sample = fail as never;
      assert.deepEqual(await scrape(registry), { other: 5, ...without(3) });
      assert.equal(errors.length, 2, "once until it works again");
    });
  }

  it("that never answers: scrapes end after the time-out, and it is not asked twice", async () => {
    const clock = new ManualClock();
    const sampler = new ScriptedSampler();
    let answer = (_: MemInfo) => {};
    sampler.next = () => new Promise((resolve) => answer = resolve);
    const registry = new Registry();
    observeMemory(registry, { sampler, clock, timeout: 100 });
    const first = scrape(registry);
    await clock.tickAsync(99);
    const second = scrape(registry);
    await clock.tickAsync(1);
    assert.deepEqual([await first, await second], [without(1), without(1)]);
    const third = scrape(registry);
    await clock.tickAsync(100);
    assert.deepEqual(await third, without(2));
    assert.equal(sampler.taken, 1);
    const fourth = scrape(registry);
    answer(new MemInfo({ processRss: 9 }));
    assert.deepEqual(await fourth, { memctl_process_resident_bytes: 9, ...without(2) });
    assert.equal(
      (await scrape(registry)).memctl_process_resident_bytes,
      2,
      "and it is asked again",
    );
    clock.assertIdle();
  });

  it("and an onError that fails too", async () => {
    for (
      const onError of [
        () => {
          throw new Error("no log today");
        },
        () => Promise.reject(new Error("no log today")),
      ]
    ) {
      const sampler = still({});
      sampler.sample = ways.throws as never;
      const registry = new Registry();
      observeMemory(registry, { sampler, onError });
      assert.deepEqual(await scrape(registry), without(1));
    }
  });
});
