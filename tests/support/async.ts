/** Lets every promise that can settle do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

/** What became of a promise so far. */
export interface Outcome {
  state: "pending" | "resolved" | "rejected";
  reason?: unknown;
}

/** Follows a promise without waiting for it. */
export function follow(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { state: "pending" };
  promise.then(() => {
    outcome.state = "resolved";
  }, (reason) => {
    outcome.state = "rejected";
    outcome.reason = reason;
  });
  return outcome;
}

/** An AbortController whose signal knows how many listeners it has. */
export class CountingAbort extends AbortController {
  readonly #listeners = new Set<unknown>();

  constructor() {
    super();
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.#listeners.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.#listeners.delete(args[1]);
      remove(...args);
    };
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}
