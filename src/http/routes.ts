import type { RequestLike } from "./options.ts";

/** Paths whose route is kept; a client can send any number of them. */
const MOST_PATHS = 1_000;
/** Segments of a path that count, and the longest that is taken for a name. */
const MOST_SEGMENTS = 4;
const LONGEST_NAME = 24;
/** Bodies of up to so many bytes are of one kind, and so are those of up to four times that. */
const SMALL_BODY = 2 ** 20;

/** The parts of a request that tell its kind, in the servers that are known. */
interface Routed extends RequestLike {
  readonly method?: string | undefined;
  readonly headers?: unknown;
  /** Fastify knows the route before any hook runs. */
  readonly routeOptions?: { readonly url?: string | undefined } | undefined;
}

/** Tells which kind of request one is: method and route, and the size class of its body. */
export class Routes {
  readonly #names = new Map<string, string>();
  /** The names of GET requests, by URL. */
  readonly #plain = new Map<string, string>();

  /** @param length The body's length in bytes. */
  nameOf(request: RequestLike, length: number): string {
    const { method = "GET", routeOptions, url = "" } = request as Routed;
    const isPlain = length === 0 && routeOptions === undefined && method === "GET";
    // A string that is put together is hashed each time that it is looked up.
    const known = isPlain ? this.#plain.get(url) : undefined;
    if (known !== undefined) return known;
    const route = routeOptions?.url ?? this.#routeOf(pathOf(url));
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

/** The path of a URL that may be absolute. */
function pathOf(url: string): string {
  let start = 0;
  if (url.charCodeAt(0) !== 0x2f) {
    const authority = url.indexOf("//");
    start = authority < 0 ? 0 : Math.max(0, url.indexOf("/", authority + 2));
  }
  const end = url.indexOf("?", start);
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** As in `"up to 16 MiB"`. */
function sizeClass(length: number): string {
  let most = SMALL_BODY;
  while (most < length) most *= 4;
  return `up to ${most / SMALL_BODY} MiB`;
}
