// Retires by what it is told: "idle", "signal", "memory", "begin", "worker".

import fs from "node:fs";
import process from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import { ManualClock, ScenarioSampler } from "../../../testing.ts";
import { retire } from "../../../retire.ts";

const [what] = isMainThread ? process.argv.slice(2) : ["retire in a worker"];
/** Synchronously, because the process is about to end. */
const say = (text: string) => fs.writeSync(1, `${text}\n`);
const closing = [() => say("closed"), () => new Promise((resolve) => setTimeout(resolve, 20))];

if (what === "retire in a worker") {
  try {
    retire();
  } catch (error) {
    say(String(error));
  }
} else if (what === "worker") {
  new Worker(new URL(import.meta.url));
} else if (what === "idle") {
  // Nothing keeps it alive, so it ends.
  retire();
} else if (what === "signal") {
  retire({ grace: 1, closing, onRetiring: ({ detail }) => say(detail) });
  setInterval(() => {}, 1_000);
  say("up");
} else if (what === "twice") {
  // Each wait would be an hour.
  const hour = 3_600_000;
  const hang = { shutdown: () => new Promise<void>(() => {}) };
  retire({
    grace: hour,
    deadline: hour,
    servers: [hang],
    closing: [() => say("closed")],
    signals: ["SIGTERM", "SIGINT"],
    signalExitCode: 3,
    onRetiring: () => say("up"),
  });
  setInterval(() => {}, 1_000);
  say("up");
} else if (what === "begin") {
  await retire({ grace: 1, closing, exitCode: 9 }).begin();
} else {
  const clock = new ManualClock();
  const sampler = new ScenarioSampler(clock, [
    { at: 0, cgroupLimit: 1_000, cgroupCurrent: 100, processRss: 100 },
    { at: 20_000, cgroupCurrent: 999, processRss: 999 },
  ]);
  retire({ clock, sampler, closing, onRetiring: ({ cause }) => say(cause) });
  await clock.tickAsync(60_000);
}
