import type { OpenServer } from "./servers.ts";
import type { Waits } from "./waits.ts";

/**
 * The part of a server of `node:http`, `node:https` or `node:http2` that is used.
 *
 * @since 0.1.0
 */
export interface NodeServerLike {
  /** Whether it listens. */
  readonly listening: boolean;
  /** Stops listening; the callback is called when all connections have ended. */
  close(callback?: (error?: Error) => void): unknown;
  /** Closes the connections without a request; missing in `node:http2`. */
  closeIdleConnections?(): void;
  /** Adds a listener before all others. */
  // deno-lint-ignore no-explicit-any
  prependListener(event: any, listener: (...args: any[]) => void): unknown;
  /** Removes a listener. */
  // deno-lint-ignore no-explicit-any
  removeListener(event: any, listener: (...args: any[]) => void): unknown;
}

interface RequestOfNode {
  readonly httpVersionMajor: number;
}

interface ResponseOfNode {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** A session of HTTP/2. */
interface Session {
  close(): void;
  once(event: "close", listener: () => void): unknown;
}

/** Milliseconds between two looks for connections that have become idle. */
const IDLE_INTERVAL = 50;

/**
 * Takes over a server of `node:http`.
 *
 * @param onUp Called when it listens.
 * @param close What to call instead of the server's own `close()`.
 */
export function drainNodeServer(
  server: NodeServerLike,
  onUp: () => void,
  close?: () => Promise<unknown>,
): OpenServer {
  let announced = false;
  /** Responses in flight in HTTP/1. */
  const open = new Set<ResponseOfNode>();
  /** In HTTP/2. */
  const sessions = new Set<Session>();

  const onRequest = ({ httpVersionMajor }: RequestOfNode, response: ResponseOfNode) => {
    if (httpVersionMajor >= 2) return;
    if (announced) return closeAfter(response);
    open.add(response);
    response.once("close", () => open.delete(response));
  };
  const onSession = (session: Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  };
  server.prependListener("request", onRequest);
  server.prependListener("session", onSession);
  if (server.listening) onUp();
  else server.prependListener("listening", onUp);

  return {
    announce() {
      announced = true;
      for (const response of open) closeAfter(response);
    },
    async drain(waits: Waits) {
      const closed = (close ?? (() => closeServer(server)))();
      // Sessions take no new streams, and end after those that are open.
      for (const session of sessions) session.close();
      const stop = waits.every(IDLE_INTERVAL, () => server.closeIdleConnections?.());
      try {
        server.closeIdleConnections?.();
        await closed;
      } finally {
        stop();
      }
    },
    release() {
      server.removeListener("request", onRequest);
      server.removeListener("session", onSession);
      server.removeListener("listening", onUp);
    },
  };
}

/** Its last answer on this connection, unless that is on its way already. */
function closeAfter(response: ResponseOfNode): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

function closeServer(server: NodeServerLike): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!server.listening) return resolve();
    server.close((error) => error === undefined ? resolve() : reject(error));
  });
}
