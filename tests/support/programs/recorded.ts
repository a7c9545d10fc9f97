// A program with a flight recorder that ends as it is told:
// recorded.ts FILE INTERVAL END. It prints "ready" once it records.

import process from "node:process";
import { setInterval } from "node:timers";
import { recorder } from "../../../recorder.ts";

const [file, interval, end] = process.argv.slice(2);
const flight = recorder({ file: file!, interval: Number(interval), unref: false });
const kept: unknown[] = [];
console.log("ready");

/** Fills memory outside of the heap. */
function keepBytes(mebibytes: number): void {
  kept.push(new Uint8Array(mebibytes << 20).fill(1));
}

if (end === "busy") {
  // Writes without a pause, until it is killed.
  for (;;) flight.sample();
}

/** Ends after a few samples, so that there is something to report. */
setTimeout(() => {
  switch (end) {
    case "exit":
      return process.exit(0);
    case "code":
      return process.exit(3);
    case "natural":
      return flight.stop();
    case "throw":
      throw new TypeError("nobody catches this");
    case "heap":
      // About 0.4 MiB of objects each time.
      return void setInterval(
        () => kept.push(Array.from({ length: 10_000 }, (_, j) => ({ j }))),
        20,
      );
    case "oom":
      keepBytes(100);
      return void setInterval(() => keepBytes(1), 50);
  }
}, 60);
