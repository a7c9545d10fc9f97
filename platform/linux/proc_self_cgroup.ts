// /proc/self/cgroup: which group this process is in, per hierarchy.

/**
 * One line: a hierarchy, its controllers (none: cgroup v2), and the cgroup's
 * path. Version 2 adds ` (deleted)` to the path of a removed cgroup, but a
 * cgroup may be named so too.
 */
export interface CgroupLine {
  controllers: string[];
  path: string;
}

/** Parses /proc/self/cgroup; lines of another form are passed over. */
export function parseSelfCgroup(text: string): CgroupLine[] {
  const lines: CgroupLine[] = [];
  for (const line of text.split("\n")) {
    // Only the first two colons separate: containerd puts colons into paths.
    const first = line.indexOf(":");
    const second = line.indexOf(":", first + 1);
    if (first < 1 || second === -1 || line[second + 1] !== "/") continue;
    const names = line.slice(first + 1, second);
    lines.push({
      controllers: names === "" ? [] : names.split(","),
      path: line.slice(second + 1),
    });
  }
  return lines;
}
