// A pool of worker threads, as many as memory and cores allow: linearBudget
// says how many, and the pool grows and shrinks to that.
// node examples/worker_pool_service.ts [port]

import http from "node:http";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { MiB, watch } from "../mod.ts";
import { linearBudget } from "../policy.ts";

/** What runs in each worker: it counts primes below a number. */
const WORK = `
const { parentPort } = require("node:worker_threads");
parentPort.on("message", (below) => {
  let primes = 0;
  for (let n = 2; n < below; n++) {
    let prime = true;
    for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
    if (prime) primes++;
  }
  parentPort.postMessage(primes);
});
`;

/** A job that waits for a worker, or has one. */
interface Job {
  below: number;
  resolve(primes: number): void;
  reject(error: Error): void;
}

const idle: Worker[] = [];
const waiting: Job[] = [];
let size = 0;
let wanted = 1;

const budget = linearBudget({ costPerWorker: 32 * MiB, max: 4 });
void watch({ interval: 1_000, immediate: true, unref: true }, (info) => {
  wanted = budget(info);
  settle();
});

/** Brings the pool to its size, and jobs to idle workers. */
function settle(): void {
  while (size > wanted && idle.length > 0) {
    size--;
    void idle.pop()!.terminate();
  }
  while (waiting.length > 0 && (idle.length > 0 || size < wanted)) {
    give(idle.pop() ?? start(), waiting.shift()!);
  }
}

function start(): Worker {
  size++;
  return new Worker(WORK, { eval: true });
}

function give(worker: Worker, job: Job): void {
  const done = () => {
    worker.off("message", onMessage);
    worker.off("error", onError);
  };
  const onMessage = (primes: number) => {
    done();
    idle.push(worker);
    job.resolve(primes);
    settle();
  };
  const onError = (error: Error) => {
    done();
    size--;
    job.reject(error);
    settle();
  };
  worker.on("message", onMessage);
  worker.on("error", onError);
  worker.postMessage(job.below);
}

function primesBelow(below: number): Promise<number> {
  return new Promise((resolve, reject) => {
    waiting.push({ below, resolve, reject });
    settle();
  });
}

const server = http.createServer(async (request, response) => {
  const below = Number(new URL(request.url ?? "/", "http://localhost").searchParams.get("below"));
  response.end(`${await primesBelow(below)} primes, ${size} of ${wanted} workers\n`);
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}`);
});
