import type { RequestLike, ShedOptions } from "./options.ts";
import { pathOf } from "./path_of.ts";

/** What parsers and routers may read in more than one way. */
const ODD = /[%\\]|\/[./]|[^\x21-\x7e]/;

/** Whether a request is exempt from load shedding, by the checked option of that name. */
export function exemption<R extends RequestLike>(
  exempt: NonNullable<ShedOptions<R>["exempt"]>,
): (request: R) => boolean {
  if (typeof exempt === "function") return exempt;
  if (exempt.length === 0) return () => false;
  const matches = (path: string) =>
    exempt.some((entry) =>
      // A pattern's test() would remember where it was, with the flag g or y.
      typeof entry === "string" ? entry === path : path.search(entry) >= 0
    );
  return ({ url = "" }) => {
    const path = pathOf(url);
    if (path === undefined || !matches(path)) return false;
    return !ODD.test(path) || (readings(url, path)?.every(matches) ?? false);
  };
}

/**
 * The paths that a router may see: by the URL standard, which resolves dots
 * and takes what follows two slashes for a host, and the same once decoded.
 */
function readings(url: string, path: string): string[] | undefined {
  const base = "http://localhost";
  try {
    const decoded = decodeURIComponent(path).replace(/[?#]/g, encodeURIComponent);
    return [
      new URL(url, base).pathname,
      new URL(base + path).pathname,
      new URL(base + decoded).pathname,
    ];
  } catch (error) {
    // Malformed: no router sees this path.
    if (error instanceof URIError || error instanceof TypeError) return undefined;
    throw error;
  }
}
