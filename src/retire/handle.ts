import type { RetireReason } from "./options.ts";
import type { RetirableServer } from "./servers.ts";

/**
 * What a process that may retire is doing.
 *
 * - `"running"`: serving.
 * - `"waiting"`: serving, with a reason to retire, until it is this process's turn.
 * - `"retiring"`: readiness fails, every request is answered.
 * - `"draining"`: servers do not listen any more, requests in flight finish.
 * - `"closing"`: what was passed as `closing` is closed.
 * - `"ended"`: `exit` was called.
 * - `"stopped"`: stopped before it retired.
 *
 * @since 0.1.0
 */
export type RetirementState =
  | "running"
  | "waiting"
  | "retiring"
  | "draining"
  | "closing"
  | "ended"
  | "stopped";

/**
 * A process that retires when there is reason to.
 *
 * @since 0.1.0
 */
export interface Retirement extends Disposable {
  /** What this process is doing. */
  readonly state: RetirementState;
  /** Whether this process should get requests: `false` once retiring has begun. */
  readonly ready: boolean;
  /** Why it retires; `undefined` before it does. */
  readonly reason: RetireReason | undefined;
  /**
   * Aborted when retiring begins. Pass it to work that would not end by itself,
   * such as event streams and loops that take jobs from a queue.
   */
  readonly signal: AbortSignal;
  /**
   * Answers a readiness check: 200, or 503 once retiring has begun.
   *
   * @param otherwise Answers it as long as this process does not retire, such as
   * by the state of a load shedder. Default: 200.
   */
  readiness(otherwise?: () => Response): Response;
  /**
   * Wraps a web-standard handler. Once retiring has begun, its answers have the
   * header `Connection: close`, so that clients send no more requests on
   * connections that are about to be closed.
   *
   * @param handler The handler of `Deno.serve` or `Bun.serve`.
   * @throws {TypeError} If the handler is not a function.
   */
  handler<Args extends unknown[], Result>(
    handler: (...args: Args) => Result,
  ): (...args: Args) => Result;
  /**
   * Adds a server to drain, and returns it. The answers of servers of `node:http`
   * get the header `Connection: close` without `handler()`. Once the first server
   * listens, this process is up.
   *
   * @throws {TypeError} If it is none of the servers that can be drained.
   */
  add<Server extends RetirableServer>(server: Server): Server;
  /**
   * Tells that this process is up, for processes without a server. Another
   * process may retire from then on, and this one has grown by what it takes more.
   */
  up(): void;
  /**
   * Retires now, or as soon as it is this process's turn. The promise resolves
   * once `exit` was called, or when it is stopped.
   *
   * @param detail The reason in words.
   */
  begin(detail?: string): Promise<void>;
  /** Undoes everything, unless retiring has begun. Calling it twice is harmless. */
  stop(): void;
}
