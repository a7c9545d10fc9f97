// What /usr/bin/vm_stat prints.

const PAGE_SIZE = /page size of (\d+) bytes/;
const LINE = /^([^:]+):\s+(\d+)\.$/;

/**
 * Bytes that new work can have: free, file-backed and purgeable pages.
 * Speculative pages are file-backed ones already. Before OS X 10.9 there is no
 * line for file-backed pages; then free, speculative and inactive ones.
 *
 * @returns `undefined` if the text is not vm_stat's.
 */
export function parseVmStat(text: string): number | undefined {
  const pageSize = Number(PAGE_SIZE.exec(text.slice(0, text.indexOf("\n")))?.[1]);
  if (!(pageSize >= 4096 && pageSize <= 65_536)) return undefined;
  const pages = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line.trimEnd());
    if (match !== null) pages.set(match[1]!, Number(match[2]));
  }
  const free = pages.get("Pages free");
  if (free === undefined) return undefined;
  const of = (label: string) => pages.get(label) ?? 0;
  const reclaimable = pages.has("File-backed pages")
    ? of("File-backed pages") + of("Pages purgeable")
    : of("Pages speculative") + of("Pages inactive");
  const available = (free + reclaimable) * pageSize;
  return Number.isSafeInteger(available) ? available : undefined;
}
