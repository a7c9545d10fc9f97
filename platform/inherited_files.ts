// The descriptors that this process was started with, besides the standard
// streams. Bun marks all of them as closed on exec, Node those below 16.

import fs from "node:fs";

const FOLDER = "/proc/self/fd";
const CLOSED_ON_EXEC = 0o2000000;

/** Those that a program in this process's place would not find open. Linux only. */
export function closedFiles(): number[] {
  return inheritedFiles().filter((file) => {
    const flags = readOf(() => fs.readFileSync(`/proc/self/fdinfo/${file}`, "utf8"));
    return (parseInt(/^flags:\s+(\d+)/m.exec(flags)?.[1] ?? "0", 8) & CLOSED_ON_EXEC) !== 0;
  });
}

/** All of them. */
export function inheritedFiles(): number[] {
  if (!fs.existsSync(FOLDER)) return [];
  const targets = new Map<number, string>();
  for (const file of fs.readdirSync(FOLDER).map(Number)) {
    targets.set(file, readOf(() => fs.readlinkSync(`${FOLDER}/${file}`)));
  }
  const count = new Map<string, number>();
  for (const target of targets.values()) count.set(target, (count.get(target) ?? 0) + 1);
  return [...targets.keys()].filter((file) => {
    const target = targets.get(file)!;
    // What a runtime opens for itself: epoll and the like, /dev/null, and pipes with both ends here.
    const isOwn = target === "" || target.startsWith("anon_inode:") || target === "/dev/null" ||
      target.startsWith("pipe:") && count.get(target)! > 1;
    return file > 2 && !isOwn;
  });
}

/** What a call reads, or "" if the descriptor is closed by now. */
function readOf(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return "";
  }
}
