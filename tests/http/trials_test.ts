import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MiB } from "../../mod.ts";
import type { Shortage } from "../../src/http/ceilings.ts";
import { type Trial, Trials } from "../../src/http/trials.ts";

/** Memory that is short, in a container of 1 GiB. All in MiB. */
function short(
  { used = 900, left = 64, whole = 1_024 }: {
    used?: number;
    left?: number | "unknown";
    whole?: number;
  } = {},
): Shortage {
  return {
    used: used * MiB,
    own: used * MiB,
    left: left === "unknown" ? undefined : left * MiB,
    whole: whole * MiB,
  };
}

/** Trials on a clock that the test sets. */
class Bench {
  now = 0;
  readonly trials = new Trials(0);

  /** Whether a request of this many MiB is admitted, which then is in flight. */
  ask(shortage = short(), { mib = 8, several = true } = {}): Trial | undefined {
    const bytes = mib * MiB;
    if (!this.trials.admits(this.now, shortage, bytes, several)) return undefined;
    return this.trials.start(this.now, shortage, bytes);
  }

  /** How many requests are admitted at this moment, of ten; they stay in flight. */
  wave(shortage = short(), options = {}): number {
    return Array.from({ length: 10 }, () => this.ask(shortage, options))
      .filter((trial) => trial !== undefined).length;
  }

  /** Trials come back, and a sample is taken. */
  end(...trials: (Trial | undefined)[]): void {
    for (const trial of trials) this.trials.end(trial!);
    this.trials.sampled();
  }
}

describe("the first trial", () => {
  it("is due a second after the latest admission of any kind", () => {
    const bench = new Bench();
    bench.now = 500;
    bench.trials.admitted(500);
    bench.now = 1_499;
    assert.equal(bench.ask(), undefined);
    bench.now = 1_500;
    assert.ok(bench.ask());
    bench.now = 2_499;
    assert.equal(bench.ask(), undefined);
    bench.now = 2_500;
    assert.ok(bench.ask());
  });

  it("is due whatever is left, even if it does not fit", () => {
    for (const left of [0, 1, "unknown"] as const) {
      const bench = new Bench();
      bench.now = 1_000;
      assert.ok(bench.ask(short({ left })), `${left} MiB left`);
    }
  });

  it("does not wait for a clock that was set back", () => {
    const bench = new Bench();
    bench.now = 3_600_000;
    assert.ok(bench.ask());
    bench.now = 0;
    assert.ok(bench.ask());
    assert.equal(bench.ask(), undefined);
  });
});

describe("trials that hang", () => {
  /** The seconds at which a trial of 8 MiB is admitted, and hangs. */
  const seconds = (left: number): number[] => {
    const bench = new Bench();
    const admitted: number[] = [];
    for (let second = 1; second <= 20; second++) {
      bench.now = second * 1_000;
      if (bench.ask(short({ left }))) admitted.push(second);
    }
    return admitted;
  };

  it("do not make trials rarer while half of what is left is enough for another", () => {
    assert.equal(seconds(16).length, 20);
  });

  it("double the wait each where it is not enough", () => {
    assert.deepEqual(seconds(15.9), [1, 3, 7, 15]);
  });

  it("no longer count once a second has passed", () => {
    const bench = new Bench();
    bench.now = 1_000;
    const hangs = bench.ask();
    bench.now = 2_000;
    bench.end(bench.ask());
    assert.equal(bench.wave(), 2, "as if the first had never been");
    bench.end(hangs);
    assert.equal(bench.wave(), 0, "one of an earlier second admits none");
  });
});

describe("trials that come back", () => {
  /** A bench whose first trial has come back. */
  const returned = (shortage = short(), options = {}): Bench => {
    const bench = new Bench();
    bench.now = 1_000;
    bench.end(bench.ask(shortage, options));
    return bench;
  };

  it("admit one more each, once a sample has seen them", () => {
    const bench = new Bench();
    assert.equal(bench.trials.unseen, false);
    bench.now = 1_000;
    const first = bench.ask();
    assert.equal(bench.ask(), undefined);
    assert.equal(bench.trials.unseen, false);
    bench.trials.end(first!);
    assert.equal(bench.trials.unseen, true);
    const second = bench.ask();
    assert.ok(second, "in place of the first");
    assert.equal(bench.ask(), undefined, "no sample has seen what the first left");
    bench.trials.sampled();
    assert.equal(bench.trials.unseen, false);
    const third = bench.ask();
    assert.ok(third);
    assert.equal(bench.ask(), undefined);
    bench.end(second, third);
    assert.equal(bench.wave(), 4);
  });

  it("admit no more than half of what is left is enough for", () => {
    assert.equal(returned(short({ left: 32 })).wave(short({ left: 32 })), 2);
    assert.equal(returned(short({ left: 31.9 })).wave(short({ left: 31.9 })), 1);
  });

  it("reserve memory until a sample shows what they left", () => {
    const shortage = short({ left: 32 });
    const bench = returned(shortage);
    const [one, other] = [bench.ask(shortage), bench.ask(shortage)];
    bench.trials.end(one!);
    assert.equal(bench.ask(shortage), undefined);
    bench.end(other);
    assert.equal(bench.wave(shortage), 2);
  });

  it("admit no more at once where they exceed what is reserved for others", () => {
    const bench = returned(short(), { several: false });
    assert.equal(bench.wave(short(), { several: false }), 0);
    bench.now = 2_000;
    assert.equal(bench.wave(short(), { several: false }), 1);
  });

  it("admit none once usage has grown by more than an eighth of what was left", () => {
    const grown = (mib: number) => returned().wave(short({ used: 900 + mib, left: 64 - mib }));
    assert.equal(grown(8), 2);
    assert.equal(grown(8.01), 0);
  });

  it("may leave 1 MiB where an eighth of what was left is less, or nobody knows", () => {
    for (const left of [16, 4, "unknown"] as const) {
      const slack = left === 16 ? 2 : 1;
      const next = (mib: number) =>
        returned(short({ left }), { mib: 1 }).ask(
          short({ used: 900 + mib, left: 64 }),
          { mib: 1 },
        );
      assert.ok(next(slack), `${left} MiB left`);
      assert.equal(next(slack + 0.01), undefined, `${left} MiB left`);
    }
  });

  it("may use what is reserved for those in flight", () => {
    const bench = returned();
    assert.ok(bench.ask());
    assert.equal(bench.wave(short({ used: 900 + 8 + 8.01, left: 48 })), 0);
    assert.equal(bench.wave(short({ used: 900 + 8 + 8, left: 48 })), 1);
  });

  it("admit none after a regular admission", () => {
    const bench = returned();
    bench.trials.admitted(1_000);
    assert.equal(bench.wave(), 0);
  });
});

describe("a trial whose size nobody tells", () => {
  /** Whether half of what is left is enough for two trials together. */
  const fit = (left: number, whole: number): boolean => {
    const bench = new Bench();
    bench.now = 1_000;
    const shortage = short({ left, whole });
    bench.end(bench.ask(shortage, { mib: 0 }));
    return bench.wave(shortage, { mib: 0 }) === 2;
  };

  it("is taken to need 8 MiB", () => {
    for (const whole of [NaN, 256, 1_024, 65_536]) {
      assert.equal(fit(32, whole), true, `of ${whole} MiB`);
      assert.equal(fit(31.9, whole), false, `of ${whole} MiB`);
    }
  });

  it("is taken to need a 32nd of a container below 256 MiB", () => {
    assert.equal(fit(8, 64), true);
    assert.equal(fit(7.9, 64), false);
  });
});
