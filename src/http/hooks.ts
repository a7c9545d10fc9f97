import { isThenable } from "../thenable.ts";

/** Calls the user's hooks. Their errors must not reach the server that asks about a request. */
export class Hooks {
  readonly #onError: ((error: unknown) => void) | undefined;
  #latest: unknown;

  constructor(onError: ((error: unknown) => void) | undefined) {
    this.#onError = onError;
  }

  /** The latest error that was reported. */
  get error(): unknown {
    return this.#latest;
  }

  /** Calls a hook, and reports its error. */
  call(hook: () => unknown): void {
    settle(hook, (error) => this.report(error));
  }

  /** Passes an error to `onError`. */
  report(error: unknown): void {
    this.#latest = error;
    settle(() => this.#onError?.(error), (error) => this.#latest = error);
  }
}

/** Calls `run`, and `fail` with what it throws or rejects with. */
function settle(run: () => unknown, fail: (error: unknown) => void): void {
  try {
    const result = run();
    if (isThenable(result)) result.then(undefined, fail);
  } catch (error) {
    fail(error);
  }
}
