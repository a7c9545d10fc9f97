// Samples of what the program allocates, as V8 takes them for a debugger.

import process from "node:process";
import { messageOf } from "../src/thrown.ts";
import { isPermitted } from "./deno.ts";

/**
 * Bytes that are allocated between two samples, on average. V8's own default
 * is 32 KiB, which costs more and tells no more about what fills a container.
 */
const SAMPLING_INTERVAL = 512 * 1024;

/** The profile of the objects that are still alive, as text for a `.heapprofile` file. */
export interface ProfileResult {
  /** JSON with `head` and `samples`, as Chrome DevTools reads it. */
  readonly text?: string;
  /** Why there is none. */
  readonly problem?: string;
}

/** A sampling profiler of this isolate. */
export interface AllocationProfile {
  /**
   * Collects all garbage, and passes the profile on. Node calls back at once,
   * Deno in a later task.
   */
  read(done: (result: ProfileResult) => void): void;
  /** Ends it, unless another tool of this isolate started it. */
  close(): void;
}

/** The part of V8's profile that is used. */
interface Profile {
  readonly head: ProfileNode;
  readonly samples: readonly { readonly nodeId: number }[];
}

interface ProfileNode {
  readonly id: number;
  readonly children: readonly ProfileNode[];
}

interface Session {
  connect(): void;
  disconnect(): void;
  post(
    method: string,
    params: object | undefined,
    done: (error: Error | null, result: { profile?: Profile }) => void,
  ): void;
}

/**
 * Starts to sample. It needs no debugger and does not keep the process alive.
 * V8 has one sampling profiler in each isolate: if another tool runs it
 * already, its samples are used, and it goes on at the end.
 *
 * @returns Why there can be none, if not a profile.
 */
export function startAllocationProfile(): AllocationProfile | { problem: string } {
  if ("Bun" in globalThis) return { problem: "Bun's inspector has no sampling heap profiler" };
  if (!isPermitted({ name: "sys" })) return { problem: "Deno needs --allow-sys for a profile" };
  let session: Session;
  try {
    // Loaded only here: most programs never need it.
    const inspector = process.getBuiltinModule("node:inspector") as unknown as {
      Session: new () => Session;
    };
    session = new inspector.Session();
    session.connect();
  } catch (error) {
    // Built without an inspector, too old for this function, or not permitted to use it.
    return { problem: `no inspector: ${messageOf(error)}` };
  }
  const post = (method: string, done: (result: ProfileResult & { profile?: Profile }) => void) => {
    const params = { samplingInterval: SAMPLING_INTERVAL };
    try {
      session.post(
        `HeapProfiler.${method}`,
        params,
        (error, result) => done(error ? { problem: messageOf(error) } : result ?? {}),
      );
    } catch (error) {
      done({ problem: messageOf(error) });
    }
  };
  let isOpen = true;
  /** Callers that wait until sampling has begun; `undefined`: it has. */
  let waiting: ((result: ProfileResult) => void)[] | undefined = [];
  const start = (done: () => void) => post("startSampling", () => done());
  const read = (done: (result: ProfileResult) => void) =>
    post("getSamplingProfile", ({ profile, problem }) => {
      if (profile !== undefined) return done({ text: JSON.stringify(withoutStrays(profile)) });
      // Another tool has ended it, and the next profile begins here.
      if (isOpen) start(() => {});
      done({ problem: problem ?? "the inspector gave no profile" });
    });
  const begun = () => {
    const all = waiting ?? [];
    waiting = undefined;
    all.forEach(read);
  };
  // It fails unless somebody has started the profiler.
  post("getSamplingProfile", ({ profile }) => {
    if (profile === undefined && isOpen) start(begun);
    else begun();
  });
  return {
    read(done) {
      if (waiting === undefined) read(done);
      else waiting.push(done);
    },
    close() {
      isOpen = false;
      try {
        session.disconnect();
      } catch {
        // The isolate is ending, and its sessions with it.
      }
    },
  };
}

/**
 * The profile without samples whose node is missing. V8 itself allocates while it
 * makes the tree, and may take a sample of that.
 */
function withoutStrays({ head, samples }: Profile): Profile {
  const ids = new Set<number>();
  const visit = ({ id, children }: ProfileNode) => {
    ids.add(id);
    children.forEach(visit);
  };
  visit(head);
  return { head, samples: samples.filter(({ nodeId }) => ids.has(nodeId)) };
}
