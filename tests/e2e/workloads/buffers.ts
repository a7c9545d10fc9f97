// Allocates, fills and drops Buffers of one mebibyte, which lie outside the
// heap.

import { Buffer } from "node:buffer";
import { turn } from "./entries.ts";
import { end, live, work } from "./sized.ts";

const MIB = 1024 * 1024;
const ring: Buffer[] = new Array(live);

for (let i = 0; i < work; i++) {
  ring[(i * 7) % live] = Buffer.alloc(MIB, i % 255 + 1);
  if (i % 4 === 0) await turn();
}
end();
