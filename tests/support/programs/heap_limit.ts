// Prints the heap limit of its main thread and of a worker, in bytes.

import v8 from "node:v8";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const limit = v8.getHeapStatistics().heap_size_limit;
if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  worker.on("message", (ofWorker) => {
    console.log(JSON.stringify([limit, ofWorker]));
    void worker.terminate();
  });
} else {
  parentPort!.postMessage(limit);
}
