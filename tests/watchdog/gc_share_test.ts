import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { ManualClock } from "../../src/testing/manual_clock.ts";
import { GcShare } from "../../src/watchdog/gc_share.ts";

let clock: ManualClock;
let share: GcShare;

beforeEach(() => {
  clock = new ManualClock();
  share = new GcShare(0.2, clock);
  clock.tick(2_000);
});

describe("the share of time that collections take", () => {
  it("is exceeded above a fifth of the last two seconds, not at it", () => {
    share.add(400, 0);
    assert.equal(share.exceeded, false);
    share.add(1, 0);
    assert.equal(share.exceeded, true);
  });

  it("counts a collection until its end is two seconds ago", () => {
    share.add(500, 0);
    clock.tick(1_999);
    assert.equal(share.exceeded, true);
    clock.tick(1);
    assert.equal(share.exceeded, false);
  });

  it("counts one that is reported late from its end on", () => {
    share.add(500, 1_999);
    assert.equal(share.exceeded, true);
    clock.tick(1);
    assert.equal(share.exceeded, false);
    share.add(500, 2_000);
    assert.equal(share.exceeded, false);
  });

  it("permits collections twice as often while they take less than 0.4 of the largest share", () => {
    share = new GcShare(0.25, clock);
    clock.tick(2_000);
    assert.equal(share.permitsTwice, true);
    share.add(199, 0);
    assert.equal(share.permitsTwice, true);
    share.add(1, 0);
    assert.equal(share.permitsTwice, false);
  });

  it("permits nothing before the first two seconds are over", () => {
    share = new GcShare(0.2, clock);
    clock.tick(1_999);
    assert.equal(share.permitsTwice, false);
    clock.tick(1);
    assert.equal(share.permitsTwice, true);
  });

  it("is scaled when the engine's settings change, and permits nothing for half a second", () => {
    share.add(300, 0);
    share.add(300, 0);
    share.scale(0.5);
    assert.equal(share.exceeded, false);
    share.add(101, 0);
    assert.equal(share.exceeded, true);
    share.scale(0.25);
    clock.tick(499);
    assert.equal(share.permitsTwice, false);
    clock.tick(1);
    assert.equal(share.permitsTwice, true);
  });
});
