import { checkFunction, checkObject, show } from "../check.ts";
import { LoadShedder, type Pass } from "./load_shedder.ts";
import type { ShedOptions } from "./options.ts";
import type { Rejection } from "./rejection.ts";
import { Sent } from "./sent.ts";

/**
 * A web-standard request handler. Further arguments are those of the server,
 * such as Deno's connection, Bun's server or Hono's bindings.
 *
 * @since 0.1.0
 */
export type Handler<Rest extends unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * How {@linkcode shed} answers rejected requests.
 *
 * @since 0.1.0
 */
export interface RespondOptions {
  /** Answers a rejected request. Default: a body of `application/problem+json`. */
  respond?: ((rejection: Rejection, request: Request) => Response | Promise<Response>) | undefined;
}

/**
 * Options of {@linkcode shed}.
 *
 * @since 0.1.0
 */
export type ShedHandlerOptions = ShedOptions<Request> & RespondOptions;

/**
 * The handler that {@linkcode shed} returns.
 *
 * @since 0.1.0
 */
export interface ShedHandler<Rest extends unknown[] = []> extends Disposable {
  (request: Request, ...rest: Rest): Response | Promise<Response>;
  /** The shedder that decides about requests and counts them. */
  readonly shedder: LoadShedder<Request>;
}

/**
 * Wraps a handler so that requests are answered with 503 while memory is
 * short, before their body is read.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { health, shed } from "@x/memctl/http";
 * import assert from "node:assert/strict";
 *
 * const app = shed(() => new Response("hello"), {
 *   headroom: 64 * MiB,
 *   exempt: ["/healthz"],
 * });
 * const ready = health(app.shedder);
 * const handler = (request: Request) =>
 *   new URL(request.url).pathname === "/healthz" ? ready() : app(request);
 *
 * // Deno.serve(handler), Bun.serve({ fetch: handler }), serve({ fetch: handler }) of Hono
 * const response = await handler(new Request("http://localhost/"));
 * assert.equal(await response.text(), "hello");
 * app[Symbol.dispose](); // a service never would
 * ```
 *
 * A request is in flight until its response has been sent: in Deno by the
 * server's `completed`, in Bun by the end of a streamed body. In Node, and where the
 * server's second argument is not passed on, until the handler's promise has
 * settled.
 *
 * While the shedder learns what requests take, a request may wait for up to a
 * second before the handler is called.
 *
 * @param handler Answers the requests that are admitted.
 * @param options When to reject which requests, and how to answer them.
 * @returns The handler to serve. It keeps no process alive.
 * @throws {TypeError} If the handler is no function, or an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @since 0.1.0
 */
export function shed<Rest extends unknown[] = []>(
  handler: Handler<Rest>,
  options?: ShedHandlerOptions,
): ShedHandler<Rest>;
/**
 * Wraps a handler with a shedder that other handlers use too. Disposing of the
 * handler does not close the shedder.
 *
 * ```ts
 * import { LoadShedder, shed } from "@x/memctl/http";
 * import assert from "node:assert/strict";
 *
 * const shedder = new LoadShedder({ inFlight: 0 });
 * const respond = () => new Response("busy\n", { status: 503 });
 * const pages = shed(() => new Response("page"), shedder, { respond });
 * const files = shed(() => new Response("file"), shedder);
 * const response = await pages(new Request("http://localhost/"));
 * assert.equal(await response.text(), "busy\n");
 * assert.equal((await files(new Request("http://localhost/"))).status, 503);
 * shedder.close();
 * ```
 *
 * @param handler Answers the requests that are admitted.
 * @param shedder Decides which requests are admitted.
 * @param options How to answer rejected requests.
 * @returns The handler to serve.
 * @throws {TypeError} If the handler is no function, or an option is of the wrong type.
 * @since 0.1.0
 */
export function shed<Rest extends unknown[] = []>(
  handler: Handler<Rest>,
  shedder: LoadShedder<Request>,
  options?: RespondOptions,
): ShedHandler<Rest>;
export function shed<Rest extends unknown[] = []>(
  handler: Handler<Rest>,
  source: ShedHandlerOptions | LoadShedder<Request> = {},
  options: RespondOptions | undefined = undefined,
): ShedHandler<Rest> {
  checkFunction("handler", handler);
  const respond = readRespond(source, options);
  const isOwn = !(source instanceof LoadShedder);
  const shedder = isOwn ? new LoadShedder<Request>(source) : source;
  const sent = new Sent();
  const answer = (
    admission: Pass | Rejection,
    request: Request,
    rest: Rest,
  ): Response | Promise<Response> => {
    if (!admission.admitted) return respond(admission, request);
    const { release } = admission;
    try {
      const response = handler(request, ...rest);
      if (response instanceof Response) return sent.follow(response, rest, release);
      return Promise.resolve(response).then(
        (response) => sent.follow(response, rest, release),
        (error) => {
          release();
          throw error;
        },
      );
    } catch (error) {
      release();
      throw error;
    }
  };
  const wrapped = (request: Request, ...rest: Rest): Response | Promise<Response> => {
    const admission = shedder.admitSoon(request);
    return admission instanceof Promise
      ? admission.then((admission) => answer(admission, request, rest))
      : answer(admission, request, rest);
  };
  return Object.assign(wrapped, {
    shedder,
    [Symbol.dispose]: () => {
      if (isOwn) shedder.close();
    },
  });
}

function readRespond(
  source: ShedHandlerOptions | LoadShedder<Request>,
  options: RespondOptions | undefined,
): NonNullable<RespondOptions["respond"]> {
  const isOwn = !(source instanceof LoadShedder);
  if (isOwn && options !== undefined) {
    throw new TypeError(
      `the third argument goes with a LoadShedder, so pass 'respond' in the second: current value is ${
        show(options)
      }`,
    );
  }
  const holder = isOwn ? source : options ?? {};
  checkObject("options", holder);
  const { respond = asProblem } = holder;
  checkFunction("respond", respond);
  return respond;
}

function asProblem({ status, headers, body }: Rejection): Response {
  return new Response(JSON.stringify(body), { status, headers });
}
