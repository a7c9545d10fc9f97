// Watches for as many ticks as its first argument says, one right after the
// other, and prints how many kernel files a sample read. The second argument
// may name the only field, and the third the folder that holds `proc` and `sys`.

import process from "node:process";
import { nodeFileIo } from "../../../platform/file_io.ts";
import { type SampledField, watch } from "../../../mod.ts";

const ticks = Number(process.argv[2]);
let reads = 0;
const read = nodeFileIo.read;
const stop = new AbortController();
let calls = 0;

// A clock without a timer: its system calls are not those of the samples.
const clock = {
  now: () => 0,
  every(_interval: number, tick: () => void): () => void {
    queueMicrotask(() => {
      for (let i = 0; i < ticks; i++) tick();
      stop.abort();
    });
    return () => {};
  },
};
const fields = process.argv[3] === undefined ? undefined : [process.argv[3] as SampledField];
const root = process.argv[4];
await watch({ interval: 1, immediate: true, clock, signal: stop.signal, fields, root }, () => {
  if (++calls === 2) {
    nodeFileIo.read = (fd, into) => {
      reads++;
      return read(fd, into);
    };
  } else {
    nodeFileIo.read = read;
  }
});
console.log(JSON.stringify({ calls, reads }));
