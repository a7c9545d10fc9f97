// Processes behind a balancer, each replaced when it has ended, while clients
// send requests. Used by the test and by the bench.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { RetireOptions } from "../../retire.ts";
import type { Runtime } from "../support/runtimes.ts";
import { endProgram } from "../support/end_program.ts";
import { ask, Balancer } from "./balancer.ts";
import type { ChildGroup } from "./child_group.ts";
import { portOf } from "./port_of.ts";

/** Whether the processes retire, exit at once when memory is short, or do neither. */
export type RetiringMode = "retire" | "exit" | "bare";

/** What is started, and how many requests it gets. */
export interface RetiringOptions {
  runtime: Runtime;
  mode: RetiringMode;
  /** The runtime's own server, or that of `node:http`. */
  kind: "own" | "node";
  /** Ends of each place before it is over. */
  ends: number;
  /** Requests at least. */
  requests: number;
  /** Bytes that a process keeps of each request. 0: it is asked to retire, or gets SIGTERM. */
  keeps: number;
  /** Those of retire(). */
  options: RetireOptions;
  /** The cgroup of the processes. Default: that of this process. */
  group?: ChildGroup;
  /** Milliseconds after which it gives up. */
  timeout: number;
}

/** What came of it. */
export interface Retired {
  /** Answers by status; errors by their code. */
  answers: Record<string, number>;
  /** How each process ended, by place: exit codes or signals. */
  ends: (number | string)[][];
  /** What they printed, the place before it. */
  output: string[];
  /** Processes that had begun to retire while another one was retiring. */
  overlaps: number;
  milliseconds: number;
}

const PLACES = 2;
const CLIENTS = 8;
/** Milliseconds. */
const RESTART_DELAY = 50;
const file = fileURLToPath(new URL("workloads/retiring.ts", import.meta.url));

/**
 * Runs two processes until each has ended so often, and replaces each that ends.
 * If they keep nothing, they are asked to retire in turn.
 */
export async function retiring(options: RetiringOptions): Promise<Retired> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-turns-"));
  const run = new Run(options, folder);
  try {
    return await run.run();
  } finally {
    await run.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

class Run {
  readonly #options: RetiringOptions;
  readonly #folder: string;
  readonly #balancer = new Balancer();
  readonly #children: (ChildProcess | undefined)[] = [];
  readonly #ports: number[] = [];
  readonly #ends: (number | string)[][] = Array.from({ length: PLACES }, () => []);
  readonly #output: string[] = [];
  readonly #retiring = new Set<number>();
  readonly #answers: Record<string, number> = {};
  #requests = 0;
  #overlaps = 0;
  #closed = false;

  constructor(options: RetiringOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  async run(): Promise<Retired> {
    const { timeout, keeps } = this.#options;
    for (let place = 0; place < PLACES; place++) this.#start(place);
    while (this.#balancer.ready.length < PLACES) await sleep(5);
    const start = performance.now();
    const isOver = () => performance.now() - start > timeout || this.#isEnough();
    const asking = keeps === 0 ? this.#askToRetire(isOver) : undefined;
    await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
      while (!isOver()) await this.#send(client % 2 === 0);
    }));
    await asking;
    return {
      answers: this.#answers,
      ends: this.#ends,
      output: this.#output,
      overlaps: this.#overlaps,
      milliseconds: performance.now() - start,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#children.map(endProgram));
  }

  #isEnough(): boolean {
    const { ends, requests } = this.#options;
    return this.#requests >= requests && this.#ends.every(({ length }) => length >= ends);
  }

  async #send(withBody: boolean): Promise<void> {
    this.#requests++;
    const answer = await this.#balancer.request(withBody ? new Uint8Array(2_000) : undefined);
    this.#answers[answer] = (this.#answers[answer] ?? 0) + 1;
    // Nothing is gained by asking again at once.
    if (answer !== "200") await sleep(5);
  }

  /** Asks the processes to retire in turn, each once it is ready. */
  async #askToRetire(isOver: () => boolean): Promise<void> {
    for (let place = 0; !isOver(); place = (place + 1) % PLACES) {
      const [ended, port] = [this.#ends[place]!.length, this.#ports[place]!];
      if (this.#balancer.ready.includes(port)) {
        if (this.#options.mode === "bare") this.#children[place]!.kill("SIGTERM");
        else await ask({ port, path: "/begin" });
        while (this.#ends[place]!.length === ended && !isOver()) await sleep(5);
      }
      await sleep(5);
    }
  }

  #start(place: number): void {
    const { runtime, mode, kind, keeps, options, group } = this.#options;
    const command = [...runtime.command, file, mode, kind, this.#folder, `${keeps}`];
    command.push(JSON.stringify(options));
    const child = group?.spawn(command) ??
      spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] });
    this.#children[place] = child;
    child.stderr?.on("data", (chunk) => this.#output.push(`${chunk}`));
    child.stdout!.on("data", (chunk) => this.#onOutput(place, `${chunk}`));
    let remove = () => {};
    portOf(child).then((port) => {
      this.#ports[place] = port;
      remove = this.#balancer.add(port);
    }, (error) => this.#output.push(`${place} ${error}`));
    child.once("close", (code, signal) => {
      remove();
      if (this.#closed) return;
      this.#retiring.delete(place);
      this.#ends[place]!.push(code ?? signal!);
      // As a supervisor would, which does not start a process again and again at once.
      setTimeout(() => this.#closed || this.#start(place), RESTART_DELAY);
    });
  }

  #onOutput(place: number, text: string): void {
    this.#output.push(`${place} ${text.trim()}`);
    if (!text.includes("retires ")) return;
    if (this.#retiring.size > 0) this.#overlaps++;
    this.#retiring.add(place);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
