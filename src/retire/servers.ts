// The kinds of servers that can be drained, told apart by their shape.

import { show } from "../check.ts";
import { drainNodeServer, type NodeServerLike } from "./node_server.ts";
import type { Waits } from "./waits.ts";

/**
 * A server that retiring drains: that of `Deno.serve`, `Bun.serve`, `node:http`
 * (Express, Koa, Hono's `serve`), `node:https`, `node:http2`, or a Fastify instance.
 *
 * @since 0.1.0
 */
export type RetirableServer =
  | DenoServerLike
  | BunServerLike
  | NodeServerLike
  | FastifyLike;

/**
 * The part of the server of `Deno.serve` that is used.
 *
 * @since 0.1.0
 */
export interface DenoServerLike {
  /** Stops listening; resolves when no request is in flight. */
  shutdown(): Promise<void>;
}

/**
 * The part of the server of `Bun.serve` that is used.
 *
 * @since 0.1.0
 */
export interface BunServerLike {
  /** Stops listening; resolves when no request is in flight. */
  stop(closeActiveConnections?: boolean): Promise<void>;
  /** Requests in flight. */
  readonly pendingRequests: number;
}

/**
 * The part of a Fastify instance that is used.
 *
 * @since 0.1.0
 */
export interface FastifyLike {
  /** The server of `node:http` below it. */
  readonly server: NodeServerLike;
  /** Runs the `onClose` hooks too. */
  close(): unknown;
}

/** A server that is served until it is drained. */
export interface OpenServer {
  /** From now on, connections are closed after their next answer. */
  announce(): void;
  /** Stops listening; resolves when no request is in flight. */
  drain(waits: Waits): Promise<unknown>;
  /** Undoes what was attached to it. */
  release(): void;
}

/** Throws unless it is one of these servers. */
export function checkServer(name: string, value: unknown): void {
  if (isFastify(value) || isNodeServer(value) || isDenoServer(value) || isBunServer(value)) return;
  throw new TypeError(
    `'${name}' must be a server of Deno.serve, Bun.serve, node:http or Fastify; ` +
      `pass others in 'closing': current value is ${show(value)}`,
  );
}

/**
 * Takes a server over.
 *
 * @param onUp Called when it listens.
 */
export function openServer(server: RetirableServer, onUp: () => void): OpenServer {
  if (isFastify(server)) {
    return drainNodeServer(server.server, onUp, async () => await server.close());
  }
  if (isNodeServer(server)) return drainNodeServer(server, onUp);
  onUp();
  const drain = isDenoServer(server)
    ? () => server.shutdown()
    : () => (server as BunServerLike).stop();
  // `Retirement.handler` closes the connections.
  return { announce() {}, drain, release() {} };
}

function isFastify(value: unknown): value is FastifyLike {
  return has(value, "close") && isNodeServer((value as { server?: unknown }).server);
}

function isNodeServer(value: unknown): value is NodeServerLike {
  return has(value, "close") && has(value, "prependListener") &&
    typeof (value as { listening?: unknown }).listening === "boolean";
}

function isDenoServer(value: unknown): value is DenoServerLike {
  return has(value, "shutdown");
}

function isBunServer(value: unknown): value is BunServerLike {
  return has(value, "stop") && "pendingRequests" in value;
}

function has(value: unknown, method: string): value is object {
  return typeof value === "object" && value !== null &&
    typeof (value as Record<string, unknown>)[method] === "function";
}
