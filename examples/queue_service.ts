// Jobs in a p-queue whose concurrency follows headroom: many while there is
// memory, one at a time when it is short. node examples/queue_service.ts [port]

import http from "node:http";
import process from "node:process";
import PQueue from "p-queue";
import { MiB, watch } from "../mod.ts";
import { levels } from "../policy.ts";

const CONCURRENCY = { normal: 8, low: 3, critical: 1 };

const level = levels({
  low: { enter: 256 * MiB, exit: 384 * MiB },
  critical: { enter: 96 * MiB, exit: 160 * MiB },
}, { sustain: 3 });
const queue = new PQueue({ concurrency: CONCURRENCY.normal });

void watch({ interval: 250, usage: "workingSet", unref: true }, (info) => {
  queue.concurrency = CONCURRENCY[level(info)];
});

/** What a job does with memory: here it only fills some. */
async function job(): Promise<number> {
  const data = new Uint8Array(8 * MiB).fill(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return data.length;
}

const server = http.createServer(async (_request, response) => {
  const bytes = await queue.add(job);
  response.end(`${bytes} bytes, ${queue.concurrency} at a time\n`);
});
server.listen(Number(process.argv[2] ?? 8000), "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${port}`);
});
