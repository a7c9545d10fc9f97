import { callReporting } from "../thenable.ts";

/** Calls the user's hooks. Their errors must not reach the server that asks about a request. */
export class Hooks {
  readonly #onError: ((error: unknown) => void) | undefined;
  #latest: unknown;

  constructor(onError: ((error: unknown) => void) | undefined) {
    this.#onError = onError;
  }

  /** The latest error of a hook, or of what was reported as one. */
  get error(): unknown {
    return this.#latest;
  }

  /** Calls a hook, and reports its error. */
  call(hook: () => unknown): void {
    callReporting(hook, (error) => this.report(error));
  }

  /** Keeps an error, and passes it to `onError`. */
  report(error: unknown): void {
    this.#latest = error;
    this.tell(error);
  }

  /** Passes an error to `onError`, and keeps only an error of `onError` itself. */
  tell(error: unknown): void {
    callReporting(() => this.#onError?.(error), (error) => this.#latest = error);
  }
}
