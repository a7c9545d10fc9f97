// Times one part of a sample, or all of it, ten times a second, so that caches
// are cold each time. Arguments: the part, the number of times. Prints JSON.

import fs from "node:fs";
import process from "node:process";
import v8 from "node:v8";
import { openSampler } from "../../mod.ts";
import { nodeFileIo } from "../../platform/file_io.ts";
import { median } from "../../tests/support/numbers.ts";
import type { Part } from "./cold_parts.ts";
import { filesOfOneSample } from "./files_of_one_sample.ts";

const INTERVAL = 100;
const [part, times] = [process.argv[2] as Part, Number(process.argv[3])];
const run = open(part);
// Compiles what is hot in a service that has run for a while.
for (let i = 0; i < 20_000; i++) run();

const microseconds: number[] = [];
const timer = setInterval(() => {
  const start = performance.now();
  run();
  microseconds.push((performance.now() - start) * 1_000);
  if (microseconds.length < times) return;
  clearInterval(timer);
  console.log(JSON.stringify(median(microseconds)));
}, INTERVAL);

function open(part: Part): () => unknown {
  if (part === "clock") return () => {};
  if (part === "engine") {
    return "Bun" in globalThis ? process.memoryUsage : v8.getHeapStatistics;
  }
  if (part === "reads") {
    const files = filesOfOneSample().map((file) => fs.openSync(file, "r"));
    const buffer = new Uint8Array(16 * 1024);
    return () => {
      for (const file of files) fs.readSync(file, buffer, 0, buffer.length, 0);
    };
  }
  const sampler = openSampler();
  sampler.sample();
  if (part === "code") readFromMemory();
  return () => sampler.sample();
}

/** Lets the sampler read what it read last, without a system call. */
function readFromMemory(): void {
  const { read } = nodeFileIo;
  const contents = new Map<number, Uint8Array>();
  nodeFileIo.read = (fd, into) => {
    let content = contents.get(fd);
    if (content === undefined) {
      content = into.slice(0, read(fd, into));
      contents.set(fd, content);
    }
    into.set(content);
    return content.length;
  };
}
