import type { MemInfo } from "../mem_info.ts";

/** A snapshot as a line of text. */
export function line(info: MemInfo): string {
  const nearest = info.tightest();
  return `${new Date(info.at).toISOString()} ${info}` +
    (nearest === undefined ? "" : ` nearest=${nearest.signal}`);
}
