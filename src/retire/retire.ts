import type { Retirement } from "./handle.ts";
import type { RetireOptions } from "./options.ts";
import { Retiring } from "./retiring.ts";
import { readRetireOptions } from "./settings.ts";

/** Registered by name, so that two copies of the module know of each other. */
const ACTIVE = Symbol.for("@x/memctl/retire");
const isolate = globalThis as { [ACTIVE]?: unknown };

/**
 * Ends this process in order before it runs out of memory, and at SIGTERM.
 *
 * Readiness fails first, while every request is still answered, with
 * `Connection: close`. After `grace` the servers stop listening. Requests in
 * flight have until `deadline`. Then everything in `closing` is closed, and the
 * process exits with `exitCode`.
 *
 * ```ts
 * import { retire } from "@x/memctl/retire";
 * import http from "node:http";
 *
 * const retirement = retire({
 *   closing: [() => console.log("closed")],
 *   onRetiring: ({ detail }) => console.warn(`retires: ${detail}`),
 * });
 * const server = http.createServer((request, response) => {
 *   if (request.url === "/readyz") response.statusCode = retirement.ready ? 200 : 503;
 *   response.end("hello\n");
 * });
 * retirement.add(server);
 * // server.listen(8000);
 * retirement.stop(); // a service never would
 * ```
 *
 * Memory is a reason by three rules (`level`, `trend`, `ineffective`). Each of
 * them must hold for a time, and must still hold after a forced garbage
 * collection. Page cache never counts. No rule holds while an exit would not
 * help, because this process has not grown by what is missing.
 *
 * It samples every `interval` milliseconds and never keeps the process alive.
 *
 * @param options When to retire, in which order, and what to sample.
 * @returns The handle.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @throws {Error} If it is active already, in a worker thread without `exit`, if the system has no
 * such signal, or if the folder of `turns` cannot be used.
 * @since 0.1.0
 */
export function retire(options: RetireOptions = {}): Retirement {
  checkFree();
  const settings = readRetireOptions(options);
  // An option's getter may have started one.
  checkFree();
  const place = isolate[ACTIVE] = {};
  const leave = () => {
    if (isolate[ACTIVE] === place) delete isolate[ACTIVE];
  };
  try {
    const retiring = new Retiring(settings, leave);
    if (settings.signal?.aborted) retiring.stop();
    return retiring;
  } catch (error) {
    leave();
    throw error;
  }
}

function checkFree(): void {
  if (isolate[ACTIVE] === undefined) return;
  throw new Error("Cannot start a second retire() in this process: stop the first one");
}
