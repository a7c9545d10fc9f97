// How far V8 lets the heap grow before it collects by itself.

import process from "node:process";
import v8 from "node:v8";
import { isMainThread } from "node:worker_threads";
import { messageOf } from "../src/thrown.ts";

/** Steers the engine's own collections. */
export interface HeapGrowth {
  /** Lets the heap grow by so many percent of the live bytes. */
  set(percent: number): void;
  /** Lets the engine decide again. */
  restore(): void;
  /** Lets the engine decide again, and lets another user have the flag. */
  release(): void;
}

const FLAG = "heap-growing-percent";

/** Registered by name, so that two copies of the module know of each other. */
const CLAIMED = Symbol.for("@x/memctl/heap-growth");
const isolate = globalThis as { [CLAIMED]?: true };

/**
 * Claims V8's `--heap-growing-percent`. The flag holds for all isolates of the
 * process, so there is one user at a time, in the main thread of a process
 * without workers. Node applies it at run time. Deno reads it only at
 * start-up, and Bun's engine has no such flag.
 *
 * @param onWorker Called when the process starts a worker. The flag is restored and released
 * by then.
 * @returns The flag's only user, or the reason why there can be none.
 */
export function claimHeapGrowth(onWorker: () => void): HeapGrowth | { problem: string } {
  const problem = findProblem();
  if (problem !== undefined) return { problem };
  const set = (percent: number) => v8.setFlagsFromString(`--${FLAG}=${percent}`);
  // With 0, V8's default, the engine decides.
  const restore = () => set(0);
  const release = () => {
    process.off("worker", leave);
    restore();
    delete isolate[CLAIMED];
  };
  const leave = () => {
    release();
    onWorker();
  };
  isolate[CLAIMED] = true;
  process.on("worker", leave);
  return { set, restore, release };
}

function findProblem(): string | undefined {
  if ("Deno" in globalThis || "Bun" in globalThis) {
    return "this engine's heap growth cannot be set at run time";
  }
  if (!isMainThread) return `--${FLAG} holds for the process, and this is one of its workers`;
  if (isolate[CLAIMED]) return `--${FLAG} has a user already in this process`;
  // V8 takes underscores for hyphens.
  if (process.execArgv.some((flag) => flag.replaceAll("_", "-").startsWith(`--${FLAG}`))) {
    return `--${FLAG} was set at start-up, and that value stays`;
  }
  return findWorkers();
}

interface Inspector {
  Session: new () => {
    connect(): void;
    disconnect(): void;
    on(event: string, listener: () => void): void;
    post(method: string, params?: object): void;
  };
}

/** The inspector is the only part of Node that knows of workers started before. */
function findWorkers(): string | undefined {
  let workers = 0;
  try {
    // Loaded only here: most programs never need it.
    const { Session } = process.getBuiltinModule("node:inspector") as unknown as Inspector;
    const session = new Session();
    session.connect();
    session.on("NodeWorker.attachedToWorker", () => workers++);
    // Both are answered before they return.
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    session.post("NodeWorker.disable");
    session.disconnect();
  } catch (error) {
    // Node without an inspector, without this function, or not permitted to use it.
    return `--${FLAG} holds for the process, and Node does not tell whether it has workers ` +
      `(${messageOf(error)})`;
  }
  if (workers === 0) return undefined;
  return `--${FLAG} holds for the process, and it has workers: ${workers}`;
}
