// Imports auto.ts, and then does what its argument names. Prints as JSON what it
// saw of the place for a watchdog.

import process from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import "../../../auto.ts";
import { AlreadyStartedError, heapDriven, watchdog } from "../../../watchdog.ts";

const place = globalThis as { [name: symbol]: unknown };
const isTaken = () => place[Symbol.for("@x/memctl/watchdog")] !== undefined;

const WAYS: Record<string, () => unknown> = {
  nothing: () => ({ taken: isTaken() }),
  "an explicit start": () => {
    const dog = watchdog({ maxInterval: 10_000 });
    const { state } = dog;
    const name = nameOf(() => watchdog());
    dog.stop();
    return { state, second: name, takenAfterwards: isTaken() };
  },
  "an explicit start that fails": () => ({
    first: nameOf(() => heapDriven({ limit: 1e15 })),
    taken: isTaken(),
    // The one that runs again gives way again.
    state: watchdog().state,
  }),
  "a second copy": async () => {
    await import(`../../../auto.ts?${"copy"}`);
    const taken = isTaken();
    return { taken, state: watchdog().state };
  },
  "a worker": () => {
    const worker = new Worker(new URL(import.meta.url), { argv: ["in a worker"] });
    return new Promise((resolve) => worker.on("message", resolve));
  },
};

function nameOf(start: () => unknown): string {
  try {
    start();
    return "started";
  } catch (error) {
    return error instanceof AlreadyStartedError ? "already started" : (error as Error).name;
  }
}

if (isMainThread) console.log(JSON.stringify(await WAYS[process.argv[2]!]!()));
else {
  const { parentPort } = await import("node:worker_threads");
  parentPort!.postMessage({ taken: isTaken() });
}
