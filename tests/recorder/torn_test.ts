// What a kill in the middle of a write leaves: that record alone is lost.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemInfo } from "../../mod.ts";
import { encodeHeader, type Header, headerAt } from "../../src/recorder/header.ts";
import { HEADER_SIZE, SLOT_SIZE, SLOTS_AT } from "../../src/recorder/layout.ts";
import { isUnused, type ParsedFile, parseFile } from "../../src/recorder/parse.ts";
import type { RecordFile } from "../../src/recorder/record_file.ts";
import { Ring } from "../../src/recorder/ring.ts";
import { SampleValues } from "../../src/recorder/values.ts";

const SLOTS = 8;
const SIZE = SLOTS_AT + SLOTS * SLOT_SIZE;

/** A file in memory. */
class MemoryFile implements RecordFile {
  bytes: Uint8Array = new Uint8Array(SIZE);
  readAll(): Uint8Array {
    return this.bytes.slice();
  }
  resize(): void {}
  read(into: Uint8Array, at: number): void {
    into.set(this.bytes.subarray(at, at + into.length));
  }
  write(bytes: Uint8Array, at: number): void {
    this.bytes.set(bytes, at);
  }
  close(): void {}
  discard(): void {}
}

function header(run: number): Header {
  return {
    run,
    token: 7 * run,
    info: {
      process: { pid: 5 },
      runtime: { name: "node", version: "24.1.0" },
      startedAt: run * 1000,
      interval: 1000,
      past: [],
    },
  };
}

/** Begins a run in a file, with samples whose resident set is their time. */
function begin(file: MemoryFile, run: number, sequence: number): (at: number) => void {
  file.write(encodeHeader(header(run)), headerAt(run));
  const ring = new Ring(
    file,
    { size: SIZE, run, token: 7 * run, sequence },
    (size) => new Uint8Array(size),
  );
  return (at) => ring.writeSample(at, values(new MemInfo({ at, processRss: at })));
}

function values(info: MemInfo): Float64Array {
  return new SampleValues(undefined, undefined).collect(info, undefined);
}

const times = ({ runs }: ParsedFile) => runs.map(({ samples }) => samples.map(({ at }) => at));

describe("an error that nobody caught", () => {
  it("is still the last event after a sample of the same turn, and not after later ones", () => {
    const file = new MemoryFile();
    begin(file, 1, 0);
    const ring = new Ring(
      file,
      { size: SIZE, run: 1, token: 7, sequence: 0 },
      (size) => new Uint8Array(size),
    );
    ring.writeEvent("exception", "Error: x");
    const trailing = () => parseFile(file.bytes)!.runs[0]!.trailing.map(({ kind }) => kind);
    const { at } = parseFile(file.bytes)!.runs[0]!.trailing[0]!;
    const sample = (at: number) => ring.writeSample(at, values(new MemInfo({ at })));
    sample(at + 5);
    assert.deepEqual(trailing(), ["exception"]);
    sample(at + 1_000);
    assert.deepEqual(trailing(), []);
  });
});

describe("a record file", () => {
  it("holds the latest samples in order, whatever place they have", () => {
    const file = new MemoryFile();
    const sample = begin(file, 1, 0);
    for (let at = 1; at <= 2 * SLOTS + 3; at++) sample(at);
    const parsed = parseFile(file.bytes)!;
    assert.deepEqual(times(parsed), [[12, 13, 14, 15, 16, 17, 18, 19]]);
    assert.equal(parsed.sequence, 19);
    assert.equal(parsed.damaged, 0);
  });

  it("loses one record if a write stops at any byte", () => {
    const file = new MemoryFile();
    const sample = begin(file, 1, 0);
    for (let at = 1; at <= SLOTS; at++) sample(at);
    const before = file.bytes.slice();
    sample(SLOTS + 1);
    const after = file.bytes.slice();
    const slot = SLOTS_AT + ((SLOTS + 1) % SLOTS) * SLOT_SIZE;
    const changed = after.findIndex((byte, i) => byte !== before[i]);
    const end = after.findLastIndex((byte, i) => byte !== before[i]) + 1;
    assert.ok(changed >= slot && end <= slot + SLOT_SIZE, "it writes to its slot only");
    for (let stop = 0; stop <= SLOT_SIZE; stop++) {
      const torn = before.slice();
      torn.set(after.subarray(slot, slot + stop), slot);
      const parsed = parseFile(torn)!;
      const [found] = times(parsed);
      const oldest = slot + stop <= changed ? [1] : [];
      const newest = slot + stop >= end ? [SLOTS + 1] : [];
      assert.deepEqual(found, [...oldest, 2, 3, 4, 5, 6, 7, 8, ...newest], `${stop} bytes`);
      assert.equal(parsed.damaged, oldest.length + newest.length === 0 ? 1 : 0);
    }
  });

  it("keeps the run before if the header of a new one stops at any byte", () => {
    const file = new MemoryFile();
    begin(file, 1, 0)(1);
    const next = encodeHeader(header(2));
    for (let stop = 0; stop < HEADER_SIZE; stop += 16) {
      const torn = file.bytes.slice();
      torn.set(next.subarray(0, stop), headerAt(2));
      const { headers } = parseFile(torn)!;
      // Behind its text a header has zeros, as the file had.
      const complete = next.subarray(stop).every((byte) => byte === 0);
      assert.deepEqual(headers.map(({ run }) => run), complete ? [2, 1] : [1], `${stop} bytes`);
      assert.equal(headers.at(-1)!.info.startedAt, 1000);
    }
  });

  it("loses no other record if any bit of one flips", () => {
    const file = new MemoryFile();
    const sample = begin(file, 1, 0);
    for (let at = 1; at <= SLOTS; at++) sample(at);
    for (let bit = 0; bit < SLOT_SIZE * 8; bit++) {
      const bytes = file.bytes.slice();
      bytes[SLOTS_AT + 3 * SLOT_SIZE + (bit >> 3)]! ^= 1 << (bit & 7);
      const parsed = parseFile(bytes)!;
      assert.deepEqual(times(parsed), [[1, 2, 4, 5, 6, 7, 8]], `bit ${bit}`);
      assert.equal(parsed.damaged, 1);
    }
  });

  it("tells a start that was cut short from the file of another program", () => {
    const encoder = new TextEncoder();
    const whole = encodeHeader(header(1));
    for (let stop = 0; stop < 100; stop++) {
      const bytes = new Uint8Array(SIZE);
      bytes.set(whole.subarray(0, stop), headerAt(1));
      assert.equal(parseFile(bytes), undefined);
      assert.equal(isUnused(bytes), true, `${stop} bytes`);
    }
    assert.equal(isUnused(new Uint8Array(0)), true);
    for (const text of ["x", "some text of somebody's ".repeat(1000)]) {
      assert.equal(parseFile(encoder.encode(text)), undefined);
      assert.equal(isUnused(encoder.encode(text)), false);
    }
  });

  it("is rejected by its older recorder once a newer one has begun", () => {
    const file = new MemoryFile();
    const first = begin(file, 1, 0);
    first(1);
    const second = begin(file, 2, 1);
    first(500); // within the second after its latest check
    second(501);
    assert.throws(() => first(2000), /another recorder has started to write/);
    second(2001);
    assert.deepEqual(times(parseFile(file.bytes)!).flat(), [1, 501, 2001]);
  });

  it("is rejected by one of two recorders that begin the same run", () => {
    const file = new MemoryFile();
    const first = begin(file, 1, 0);
    file.write(encodeHeader({ ...header(1), token: 99 }), headerAt(1));
    assert.throws(() => first(1), /another recorder has started to write/);
  });

  it("drops the oldest ends from a header that they do not fit into", () => {
    const end = { kind: "unknown", inferred: false, at: 1, reason: "x".repeat(900) } as const;
    const past = [5, 4, 3, 2, 1].map((run) => ({ run, startedAt: run, end }));
    const { info } = header(6);
    const bytes = new Uint8Array(SIZE);
    bytes.set(encodeHeader({ run: 6, token: 1, info: { ...info, past } }), headerAt(6));
    assert.deepEqual(parseFile(bytes)!.past.map(({ run }) => run), [5, 4, 3, 2]);
    const folder = "/x".repeat(3000);
    assert.throws(
      () => encodeHeader({ run: 6, token: 1, info: { ...info, cgroup: { folder, id: "1" } } }),
      /the description of the run takes \d+ bytes/,
    );
  });
});
