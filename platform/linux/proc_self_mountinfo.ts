// /proc/self/mountinfo: what is mounted where, as this process sees it.

/** One mounted cgroup hierarchy. */
export interface CgroupMount {
  version: 1 | 2;
  /** The group that is visible at the mount point. */
  root: string;
  mountPoint: string;
  /** Controllers and flags of the hierarchy. */
  superOptions: string[];
}

/** Parses /proc/self/mountinfo: the cgroup mounts that nothing was mounted over. */
export function parseMountinfo(text: string): CgroupMount[] {
  const visible = new Map<string, CgroupMount | undefined>();
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    // Optional fields come before a lone dash, the seventh token or later.
    const dash = fields.indexOf("-", 6);
    if (dash === -1 || fields.length < dash + 4) continue;
    const mountPoint = unescape(fields[4]!);
    const type = fields[dash + 1];
    visible.set(
      mountPoint,
      type !== "cgroup" && type !== "cgroup2" ? undefined : {
        version: type === "cgroup2" ? 2 : 1,
        root: unescape(fields[3]!),
        mountPoint,
        // Some file systems put spaces into their options, unescaped.
        superOptions: fields.slice(dash + 3).join(" ").split(","),
      },
    );
  }
  return [...visible.values()].filter((mount) => mount !== undefined);
}

/** Space, tab, newline and backslash are written as three octal digits. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
