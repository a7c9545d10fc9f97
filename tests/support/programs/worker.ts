// A watch in a worker thread: posts three snapshots and ends by itself.

import { parentPort } from "node:worker_threads";
import { watch } from "../../../mod.ts";

const stop = new AbortController();
let left = 3;
await watch({ interval: 5, immediate: true, signal: stop.signal }, (info) => {
  parentPort!.postMessage(info.toJSON());
  if (--left === 0) stop.abort();
});
parentPort!.postMessage("done");
