// Allocates, fills and drops Buffers of one mebibyte, which lie outside the
// heap.

import { Buffer } from "node:buffer";
import { MiB } from "../../../src/bytes.ts";
import { turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

const ring: Buffer[] = new Array(live);

for (let i = 0; i < work; i++) {
  ring[(i * 7) % live] = Buffer.alloc(MiB, i % 255 + 1);
  if (i % 4 === 0) await turn();
}
end();
