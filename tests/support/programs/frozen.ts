// Watches, prints a line a sample, and ends when its input does.

import process from "node:process";
import { watch } from "../../../mod.ts";

const stop = new AbortController();
process.stdin.on("end", () => stop.abort()).resume();

let calls = 0;
await watch({ interval: 20, signal: stop.signal }, (info) => {
  calls++;
  console.log(`sample ${calls} ${info.processRss !== undefined}`);
});
console.log("ended");
process.exit(0);
