import type { Pass } from "./load_shedder.ts";

/**
 * The part of a stream or socket of `node:` that {@linkcode releaseWith} listens to.
 *
 * @since 0.1.0
 */
export interface ClosableLike {
  /** Whether it was closed by an error or by the other side. */
  readonly destroyed?: boolean | undefined;
  /** Calls the listener at the next event of this name. */
  once(event: "close" | "finish", listener: () => void): unknown;
}

/**
 * The part of a request of `node:http` that {@linkcode releaseWith} reads.
 *
 * @since 0.1.0
 */
export interface SocketRequestLike {
  /** The connection that the request came by. */
  readonly socket?: ClosableLike | null | undefined;
}

/** What is still to be released, by connection: one listener each, however many requests. */
const open = new WeakMap<ClosableLike, Set<() => void>>();

/**
 * Releases an admission when its response has ended, in servers with the
 * interface of `node:http`: Express, Fastify, Koa. It listens to the response
 * and to the connection as well, because after a reset Deno closes the
 * connection, but not the responses to pipelined requests.
 *
 * ```ts
 * import { LoadShedder, releaseWith } from "@x/memctl/http";
 * import http from "node:http";
 *
 * const shedder = new LoadShedder();
 * const server = http.createServer((request, response) => {
 *   const admission = shedder.admit(request);
 *   if (!admission.admitted) {
 *     response.writeHead(admission.status, admission.headers);
 *     response.end(JSON.stringify(admission.body));
 *     return;
 *   }
 *   releaseWith(admission, request, response);
 *   response.end("hello\n");
 * });
 * // server.listen(8000);
 * server.close();
 * shedder.close();
 * ```
 *
 * @param admission What `admit()` gave for this request.
 * @param request The request, or whatever else has its `socket`; in Fastify `request.raw`.
 * @param response The response; in Fastify `reply.raw`.
 * @since 0.1.0
 */
export function releaseWith(
  admission: Pass,
  request: SocketRequestLike,
  response: ClosableLike,
): void {
  const socket = request.socket ?? undefined;
  const pending = socket && pendingOf(socket);
  const release = () => {
    pending?.delete(release);
    admission.release();
  };
  pending?.add(release);
  response.once("finish", release);
  response.once("close", release);
  // The events may have come before this call.
  if (response.destroyed || socket?.destroyed) release();
}

function pendingOf(socket: ClosableLike): Set<() => void> {
  const known = open.get(socket);
  if (known !== undefined) return known;
  const pending = new Set<() => void>();
  open.set(socket, pending);
  socket.once("close", () => {
    for (const release of [...pending]) release();
  });
  return pending;
}
