import type { RequestLike } from "./options.ts";
import { pathOf } from "./path_of.ts";

/** Maximum number of paths in memory, because a client can send any number of them. */
const MOST_PATHS = 1_000;
/** Maximum number of segments in a route, and maximum length of a segment that is no parameter. */
const MOST_SEGMENTS = 4;
const LONGEST_NAME = 24;
/** Bytes of a body up to which its size class is not named. Each class is four times the one before. */
const SMALL_BODY = 2 ** 20;

/** The parts of a request that its kind is named by. Some servers have only some of them. */
interface Routed extends RequestLike {
  readonly method?: string | undefined;
  readonly headers?: unknown;
  /** Fastify sets it before any hook runs. */
  readonly routeOptions?: { readonly url?: string | undefined } | undefined;
}

/** Names the kind of a request: method, route, and size class of its body. */
export class Routes {
  readonly #names = new Map<string, string>();
  /** The names of GET requests, by URL. */
  readonly #plain = new Map<string, string>();

  /** @param length The body's length in bytes. */
  nameOf(request: RequestLike, length: number): string {
    const { method = "GET", routeOptions, url = "" } = request as Routed;
    const isPlain = length === 0 && routeOptions === undefined && method === "GET";
    // A lookup by the URL is cheaper than one by a new string, which must be hashed first.
    const known = isPlain ? this.#plain.get(url) : undefined;
    if (known !== undefined) return known;
    const route = routeOptions?.url ?? this.#routeOf(pathOf(url) ?? url);
    const name = `${method} ${route}`;
    if (isPlain) {
      if (this.#plain.size >= MOST_PATHS) this.#plain.clear();
      this.#plain.set(url, name);
    }
    return length > SMALL_BODY ? `${name} ${sizeClass(length)}` : name;
  }

  #routeOf(path: string): string {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    if (this.#names.size >= MOST_PATHS) this.#names.clear();
    const route = path.split("/").slice(0, MOST_SEGMENTS + 1)
      .map((segment) => /\d/.test(segment) || segment.length > LONGEST_NAME ? ":" : segment)
      .join("/");
    this.#names.set(path, route);
    return route;
  }
}

/** The length of a request's body in bytes by its headers; 0: unknown or none. */
export function lengthOf(request: RequestLike): number {
  const { method, headers } = request as Routed;
  if (method === "GET" || method === "HEAD" || typeof headers !== "object" || headers === null) {
    return 0;
  }
  const value = headers instanceof Headers
    ? headers.get("content-length")
    : (headers as Record<string, unknown>)["content-length"];
  const length = Number(value ?? 0);
  return length > 0 && length < Infinity ? length : 0;
}

/** As in `"up to 16 MiB"`. */
function sizeClass(length: number): string {
  let most = SMALL_BODY;
  while (most < length) most *= 4;
  return `up to ${most / SMALL_BODY} MiB`;
}
