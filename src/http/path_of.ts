/** The path of a URL that may be absolute, without its query; `undefined`: it has none. */
export function pathOf(url: string): string | undefined {
  let start = 0;
  if (url.charCodeAt(0) !== 0x2f) {
    const authority = /^https?:\/\/[^/\\?#]*/i.exec(url)?.[0];
    if (authority === undefined) return undefined;
    start = authority.length;
  }
  const end = url.slice(start).search(/[?#]/);
  return url.slice(start, end < 0 ? undefined : start + end) || "/";
}
