// Writes a file larger than the container and reads it twice, with some garbage
// beside it: page cache fills the container.

import { Buffer } from "node:buffer";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { MiB } from "../../../src/bytes.ts";
import { ENTRIES_PER_BATCH, makeEntry, turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

type Move = (file: number, buffer: Buffer, from: number, length: number, at: number) => number;

const file = path.join(os.tmpdir(), `memctl-page-cache-${process.pid}`);
const buffer = Buffer.alloc(MiB, 7);
const ring: unknown[] = new Array(live * ENTRIES_PER_BATCH);
let made = 0;

const handle = fs.openSync(file, "w+");
// It has no name from here on, so that nothing is left when this process is killed.
fs.unlinkSync(file);
for (let i = 0; i < work; i++) await step(i, fs.writeSync);
for (let pass = 0; pass < 2; pass++) {
  for (let i = 0; i < work; i++) await step(i, fs.readSync);
}
fs.closeSync(handle);
end();

async function step(i: number, move: Move): Promise<void> {
  move(handle, buffer, 0, MiB, i * MiB);
  for (let n = 0; n < 4; n++) ring[(++made * 7) % ring.length] = makeEntry(i);
  if (i % 4 === 0) await turn();
}
