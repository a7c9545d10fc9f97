// The use of memory by requests of several workloads. The third argument of the
// program is the number of milliseconds after which the cost of "doubling" doubles.

import process from "node:process";

const doubleAt = performance.now() + Number(process.argv[4] ?? Infinity);
const MB = 1_000_000;
const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Holds so many bytes, taken so late, for so long. */
async function hold(bytes: number, late: number, time: number): Promise<string> {
  if (late > 0) await wait(late);
  const held = new Uint8Array(bytes).fill(1);
  await wait(time);
  return `${held.length}\n`;
}

/** Does the work of one request, and returns the answer. */
export function work(workload: string, path: string): Promise<string> {
  switch (workload) {
    case "hello":
      return Promise.resolve("hello\n");
    case "small":
      return hold(20_000, 0, 5);
    case "prompt":
      return hold(5 * MB, 0, 100);
    case "late-20":
      return hold(5 * MB, 20, 100);
    case "late-200":
      return hold(5 * MB, 200, 50);
    case "doubling":
      return hold(performance.now() < doubleAt ? 5 * MB : 10 * MB, 20, 100);
    case "mixed":
      return path === "/large" ? hold(20 * MB, 20, 100) : hold(20_000, 5, 20);
    default:
      throw new Error(`no workload ${workload}`);
  }
}

/** Chunks of a response that is built in memory, and sent slowly. */
export async function* stream(): AsyncGenerator<Uint8Array> {
  const held = new Uint8Array(5 * MB).fill(1);
  for (let i = 0; i < 10; i++) {
    await wait(20);
    yield held.subarray(i * 100, (i + 1) * 100);
  }
}
