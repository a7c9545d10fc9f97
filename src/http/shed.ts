import { checkFunction } from "../check.ts";
import { LoadShedder } from "./load_shedder.ts";
import type { ShedOptions } from "./options.ts";
import type { Refusal } from "./refusal.ts";

/**
 * A web-standard request handler, and what it may be passed besides: Deno's
 * connection, Bun's server, Hono's bindings.
 *
 * @since 0.1.0
 */
export type Handler<Rest extends unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/**
 * Options of {@linkcode shed}.
 *
 * @since 0.1.0
 */
export interface ShedHandlerOptions extends ShedOptions {
  /** Answers a refused request. Default: the refusal as `application/problem+json`. */
  respond?: ((refusal: Refusal, request: Request) => Response | Promise<Response>) | undefined;
}

/**
 * What {@linkcode shed} gives.
 *
 * @since 0.1.0
 */
export interface ShedHandler<Rest extends unknown[] = []> extends Disposable {
  (request: Request, ...rest: Rest): Response | Promise<Response>;
  /** Decides, counts, and says the level. */
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
 * A request is in flight until the handler's promise has settled; a body that
 * streams on after that is not counted.
 *
 * @param handler Answers the requests that are let in.
 * @param options When to refuse what; or a shedder that others ask as well.
 * @returns The handler to serve. It keeps no process alive.
 * @throws {TypeError} If the handler is no function, or an option is of the wrong type.
 * @throws {RangeError} If an option is out of range.
 * @since 0.1.0
 */
export function shed<Rest extends unknown[] = []>(
  handler: Handler<Rest>,
  options: ShedHandlerOptions | LoadShedder<Request> = {},
): ShedHandler<Rest> {
  checkFunction("handler", handler);
  const { respond = asProblem } = options as ShedHandlerOptions;
  checkFunction("respond", respond);
  const shedder = options instanceof LoadShedder ? options : new LoadShedder<Request>(options);
  const wrapped = (request: Request, ...rest: Rest): Response | Promise<Response> => {
    const admission = shedder.admit(request);
    if (!admission.admitted) return respond(admission, request);
    let response: Response | Promise<Response>;
    try {
      response = handler(request, ...rest);
    } catch (error) {
      admission.release();
      throw error;
    }
    if (response instanceof Response) {
      admission.release();
      return response;
    }
    return Promise.resolve(response).finally(() => admission.release());
  };
  return Object.assign(wrapped, {
    shedder,
    [Symbol.dispose]: () => {
      if (shedder !== options) shedder.close();
    },
  });
}

function asProblem({ status, headers, body }: Refusal): Response {
  return new Response(JSON.stringify(body), { status, headers });
}
