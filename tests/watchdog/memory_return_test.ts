import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { MiB } from "../../src/bytes.ts";
import { MemInfo } from "../../src/mem_info.ts";
import { MemoryReturn, readReturnGap } from "../../src/watchdog/memory_return.ts";

const LIMIT = 400 * MiB;
const GAP = 30_000;

let now: number;
/** Bytes. */
let heap: number;
let free: number;
let other: number;
let reads: number;
let calls: number[];
let log: string[];
/** The share of the free memory that a call returns, and the milliseconds that it takes. */
let effect: number;
let duration: number;

beforeEach(() => {
  now = 0;
  heap = 20 * MiB;
  free = 200 * MiB;
  other = 0;
  reads = 0;
  calls = [];
  log = [];
  effect = 1;
  duration = 0;
});

function memoryReturn(answer = true, problem?: string): MemoryReturn {
  const run = () => {
    calls.push(now);
    now += duration;
    free -= free * effect;
    return answer;
  };
  return new MemoryReturn({
    minGap: GAP,
    now: () => now,
    find: () => problem === undefined ? { name: "call", run } : { problem },
    readAnonymous: () => {
      reads++;
      return heap + free;
    },
    logger: {
      debug: (message) => void log.push(message),
      info: (message) => void log.push(message),
    },
  });
}

/** Lets time pass, with a turn of the watchdog every 100 ms. */
function advance(subject: MemoryReturn, seconds: number): void {
  for (let i = 0; i < seconds * 10; i++) {
    now += 100;
    subject.look(
      { used: heap + free + other, limit: LIMIT },
      new MemInfo({ runtimeTotal: heap }),
    );
  }
}

describe("free memory", () => {
  it("is returned after a collection, when usage stays high with a small heap", () => {
    const subject = memoryReturn();
    advance(subject, 10);
    assert.deepEqual([calls.length, reads], [0, 0], "no collection yet");
    subject.collected();
    advance(subject, 0.1);
    assert.equal(calls.length, 0, "it may still be returned by itself");
    advance(subject, 3);
    assert.equal(calls.length, 1);
    assert.deepEqual([subject.returns, subject.bytesReturned], [1, 200 * MiB]);
    assert.match(log[0]!, /200\.0MiB returned to the kernel \(call\)/);
  });

  it("is looked at once a second at most", () => {
    const subject = memoryReturn();
    subject.collected();
    free = 50 * MiB;
    other = 200 * MiB;
    advance(subject, 10);
    assert.ok(reads <= 10, `${reads}`);
    assert.equal(calls.length, 0);
  });

  for (
    const [title, set] of [
      ["usage is low", () => free = 100 * MiB],
      ["the heap is large", () => (heap = 150 * MiB, free = 120 * MiB)],
      ["other processes have it", () => (free = 30 * MiB, other = 300 * MiB)],
      ["little of it is free", () => (heap = 10 * MiB, free = 55 * MiB, other = 200 * MiB)],
    ] as const
  ) {
    it(`is left alone where ${title}`, () => {
      const subject = memoryReturn();
      set();
      subject.collected();
      advance(subject, 120);
      assert.equal(calls.length, 0);
    });
  }

  it("that comes back by itself within a second is left alone", () => {
    const subject = memoryReturn();
    subject.collected();
    advance(subject, 0.1);
    free = 0;
    advance(subject, 10);
    assert.equal(calls.length, 0);
  });

  it("is returned once in the minimum gap, and only after another collection", () => {
    const subject = memoryReturn();
    for (let i = 0; i < 50; i++) {
      subject.collected();
      free = 200 * MiB;
      advance(subject, 2.5);
    }
    assert.equal(calls.length, 5);
    calls.slice(1).forEach((at, i) => assert.ok(at - calls[i]! >= GAP));
    const before = calls.length;
    free = 200 * MiB;
    advance(subject, 100);
    free = 200 * MiB;
    advance(subject, 100);
    assert.equal(calls.length, before + 1, "no collection since");
  });

  it("that does not come back doubles the gap, up to half an hour", () => {
    const subject = memoryReturn();
    effect = 0.05;
    for (let i = 0; i < 20_000; i++) {
      subject.collected();
      free = 200 * MiB;
      advance(subject, 1);
    }
    const gaps = calls.slice(1).map((at, i) => at - calls[i]!);
    assert.ok(calls.length < 20, `${calls.length} in 5.5 hours`);
    assert.ok(gaps.at(-1)! >= 30 * 60_000 && gaps.at(-1)! < 31 * 60_000, `${gaps}`);
    effect = 1;
    for (let i = 0; i < 1_900; i++) {
      subject.collected();
      free = 200 * MiB;
      advance(subject, 2.5);
    }
    assert.ok(calls.at(-1)! - calls.at(-2)! < 2 * GAP, "the gap is short again once it helps");
  });

  it("takes a hundredth of the time at most", () => {
    const subject = memoryReturn();
    duration = 2_000;
    for (let i = 0; i < 400; i++) {
      subject.collected();
      free = 200 * MiB;
      advance(subject, 1);
    }
    assert.ok(calls.length >= 2);
    assert.ok(calls[1]! - calls[0]! >= 200_000);
  });

  it("that cannot be returned is reported once, and never tried again", () => {
    const subject = memoryReturn(true, "no call for it");
    for (let i = 0; i < 100; i++) {
      subject.collected();
      advance(subject, 1);
    }
    assert.equal(log.length, 1);
    assert.match(log[0]!, /200\.0MiB of this process are outside its heap.*: no call for it$/);
    assert.ok(reads < 5);
  });

  it("is given up if the call cannot be made any more", () => {
    const subject = memoryReturn(false);
    effect = 0;
    for (let i = 0; i < 100; i++) {
      subject.collected();
      advance(subject, 1);
    }
    assert.deepEqual([calls.length, subject.returns], [1, 0]);
  });

  it("is looked at once where the memory of the process is unknown", () => {
    let asked = 0;
    const subject = new MemoryReturn({
      minGap: GAP,
      now: () => now,
      find: () => ({ problem: "none" }),
      readAnonymous: () => void asked++ as undefined,
      logger: {},
    });
    subject.collected();
    for (let i = 0; i < 100; i++) {
      now += 1_000;
      subject.look({ used: LIMIT, limit: LIMIT }, new MemInfo({ runtimeTotal: 1 * MiB }));
    }
    assert.equal(asked, 1);
  });

  it("is not looked at where the engine's memory is unknown", () => {
    const subject = memoryReturn();
    subject.collected();
    for (let i = 0; i < 50; i++) {
      now += 100;
      subject.look({ used: LIMIT, limit: LIMIT }, new MemInfo({}));
    }
    assert.equal(reads, 0);
  });
});

describe("'returnMemory'", () => {
  it("has a default, and can be turned off", () => {
    assert.equal(readReturnGap(undefined), 30_000);
    assert.equal(readReturnGap({}), 30_000);
    assert.equal(readReturnGap({ minGap: 5_000 }), 5_000);
    assert.equal(readReturnGap(false), undefined);
  });

  for (
    const [given, expected] of [
      [true, TypeError],
      [{ minGap: "1s" }, TypeError],
      [{ minGap: 999 }, RangeError],
      [{ minGap: Infinity }, RangeError],
      [{ minGap: NaN }, RangeError],
    ] as const
  ) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => readReturnGap(given as never),
        (error) => error instanceof expected && /returnMemory/.test(error.message),
      );
    });
  }
});
