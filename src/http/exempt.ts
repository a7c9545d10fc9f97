import type { RequestLike, ShedOptions } from "./options.ts";

/** Whether a request is exempt from load shedding, by the option of that name. */
export function exemption<R extends RequestLike>(
  exempt: ShedOptions<R>["exempt"],
): (request: R) => boolean {
  if (exempt === undefined) return () => false;
  if (typeof exempt === "function") return exempt;
  return (request) => {
    const path = pathOf(request.url ?? "");
    // A pattern's test() would remember where it was, with the flag g or y.
    return exempt.some((entry) =>
      typeof entry === "string" ? entry === path : path.search(entry) >= 0
    );
  };
}

/** The path of a URL that may be absolute, without its query. */
function pathOf(url: string): string {
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2);
  const path = start < 0 ? "/" : url.slice(start);
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}
