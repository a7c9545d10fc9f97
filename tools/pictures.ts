// Draws the pictures of docs/pictures from real runs: `deno task pictures
// [NAME…]`. Needs root, a writable memory cgroup, and util-linux for a terminal.
// What was measured is kept beside each picture as JSON; `--kept` draws that again.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes } from "../tests/support/runtimes.ts";
import { architecture } from "./pictures/architecture.ts";
import { chart, type Curve, legend } from "./pictures/chart.ts";
import { levelsPicture, runLevels } from "./pictures/levels.ts";
import { type Run, runLoad, runLoop } from "./pictures/runs.ts";
import { picture, text } from "./pictures/svg.ts";
import { terminalPicture } from "./pictures/terminal.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = path.join(root, "docs", "pictures");

const found = findHierarchy();
if (found.problem !== undefined) {
  console.error(`cannot run: ${found.problem}`);
  process.exit(1);
}
const place = found;
const runtimes = findRuntimes();
const deno = runtimes.find(({ name }) => name === "deno")!.command;
const node = runtimes.find(({ name }) => name === "node")!.command[0]!;

const PICTURES: Record<string, () => Promise<string> | string> = {
  architecture,
  "cgroup-levels": async () => {
    const inside = path.join(root, "tools", "pictures", "sample_inside.ts");
    return levelsPicture(
      await measured(
        "cgroup-levels",
        () => runLevels(place.version, place.folder, node, [...deno, inside]),
      ),
    );
  },
  doctor: () => terminalPicture("Output of memctl doctor", "memctl doctor", inShop(["doctor"])),
  "live-view": () => {
    const frames = inShop(["watch", "--interval", "100", "--count", "70"], true).split("\x1b[H");
    return terminalPicture("The live view of memctl watch", "memctl watch", frames.at(-1)!);
  },
  watchdog: async () => {
    const { bare, guarded } = await measured("watchdog", async () => ({
      bare: await runLoop(place, deno, "bare"),
      guarded: await runLoop(place, deno, "watchdog"),
    }));
    return watchdogPicture(bare, guarded);
  },
  load: async () => {
    const { bare, shedding } = await measured("load", async () => ({
      bare: await runLoad(place, deno, "bare", 8_000),
      shedding: await runLoad(place, deno, "shed", 8_000),
    }));
    return loadPicture(bare, shedding);
  },
};

const isKept = process.argv.includes("--kept");
const wanted = process.argv.slice(2).filter((argument) => argument !== "--kept");
fs.mkdirSync(folder, { recursive: true });
for (const [name, draw] of Object.entries(PICTURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  fs.writeFileSync(path.join(folder, `${name}.svg`), await draw());
  console.log(`docs/pictures/${name}.svg`);
}

/** Measures and keeps the result, or reads the one that was kept. */
async function measured<Result>(name: string, measure: () => Promise<Result>): Promise<Result> {
  const file = path.join(folder, `${name}.json`);
  if (isKept) return JSON.parse(fs.readFileSync(file, "utf8"));
  const data = await measure();
  const text = JSON.stringify(
    data,
    (_, value) => typeof value === "number" ? Math.round(value * 1000) / 1000 : value,
  );
  fs.writeFileSync(file, `${text}\n`);
  return data;
}

/** What memctl prints in a container of 512 MiB, in a terminal beside a program if it is live. */
function inShop(args: string[], live = false): string {
  // At the top, so that paths are short.
  const top = place.version === 1 ? "/sys/fs/cgroup/memory" : place.folder;
  const shop = new ChildGroup(place.version, top, "shop");
  try {
    shop.forbidSwap();
    shop.setLimit(512 * MiB);
    const memctl = [...deno, path.join(root, "cli.ts"), ...args];
    const command = live
      ? ["script", "-qec", `stty cols 84 rows 18; exec ${memctl.join(" ")}`, "/dev/null"]
      : memctl;
    const loop = `${deno.join(" ")} ${
      path.join(root, "tests/e2e/workloads/loop.ts")
    } watchdog 3000 &`;
    const script = `echo 0 > "$0/cgroup.procs"; ${
      live ? loop : ""
    } "$@"; kill %1 2>/dev/null; wait`;
    const { stdout } = spawnSync("bash", ["-c", script, shop.folder, ...command], {
      encoding: "utf8",
      env: { ...process.env, TERM: "xterm-256color" },
      stdio: ["inherit", "pipe", "inherit"],
    });
    return stdout;
  } finally {
    fs.rmdirSync(shop.folder);
  }
}

/** The usage in MiB, up to where the process ended: the kernel takes its memory back after that. */
function inMiB(usage: Run["usage"]): (readonly [number, number])[] {
  const most = Math.max(...usage.slice(-8).map(([, bytes]) => bytes));
  const last = usage.findLastIndex(([, bytes]) => bytes >= 0.9 * most);
  return usage.slice(0, last + 1).map(([second, bytes]) => [second, bytes / MiB] as const);
}

function watchdogPicture(bare: Run, guarded: Run): string {
  const curves: Curve[] = [
    {
      label: "without watchdog",
      colour: "red",
      points: inMiB(bare.usage),
      end: bare.outcome === "finished" ? "finished" : "OOM-killed",
    },
    {
      label: "with watchdog",
      colour: "blue",
      points: inMiB(guarded.usage),
      end: guarded.outcome === "finished" ? "finished" : guarded.outcome,
    },
  ];
  const seconds = Math.max(bare.seconds, guarded.seconds) * 1.05;
  return picture(820, 330, "Memory of a Deno program with and without the watchdog", [
    text(20, 28, "A Deno program drops 1.5 GiB of objects in a container of 300 MiB", {
      bold: true,
    }),
    ...legend(20, 54, curves),
    ...chart(curves, {
      ...{ x: 10, y: 86, width: 790, height: 200, seconds, top: 300, step: 100, unit: "MiB" },
      limit: { value: 300, label: "limit of the container" },
    }),
  ]);
}

function loadPicture(bare: Run, shedding: Run): string {
  const memory: Curve[] = [
    {
      label: "without shedding",
      colour: "red",
      points: inMiB(bare.usage),
      end: bare.outcome === "finished" ? "finished" : "OOM-killed",
    },
    { label: "with shedding", colour: "blue", points: inMiB(shedding.usage) },
  ];
  const ok = (run: Run) => run.answers.map(([second, ok]) => [second, ok] as const);
  const answers: Curve[] = [
    { label: "", colour: "red", points: ok(bare) },
    { label: "", colour: "blue", points: ok(shedding) },
  ];
  const seconds = Math.max(bare.seconds, shedding.seconds);
  const most = Math.max(...shedding.answers.map(([, ok]) => ok));
  const step = [100, 200, 500, 1000].find((step) => most / step <= 5) ?? 2000;
  const rejected = shedding.answers.at(-1)![2].toLocaleString("en");
  return picture(820, 540, "Memory and answers of a server under load, with and without shedding", [
    text(20, 28, "300 clients call a Deno server that holds 5 MB per request, in 512 MiB", {
      bold: true,
    }),
    ...legend(20, 54, memory),
    ...chart(memory, {
      ...{ x: 10, y: 86, width: 790, height: 170, seconds, top: 512, step: 128, unit: "MiB" },
      limit: { value: 512, label: "limit of the container" },
    }),
    text(20, 312, "requests answered with 200", { bold: true }),
    text(20, 332, `with shedding, ${rejected} others were answered with 503 at once`, {
      colour: "muted",
    }),
    ...chart(answers, {
      ...{ x: 10, y: 352, width: 790, height: 150, seconds, unit: "" },
      ...{ top: Math.ceil(most / step) * step, step },
    }),
  ]);
}
