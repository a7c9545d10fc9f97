// Where this process's memory is accounted: pure decisions on the text of
// /proc/self/cgroup and /proc/self/mountinfo.

import type { CgroupLine } from "./proc_self_cgroup.ts";
import type { CgroupMount } from "./proc_self_mountinfo.ts";

/** The folders to read, or why there are none. */
export type CgroupPlace =
  | {
    kind: "found";
    version: 1 | 2;
    /** From the process's own group up to the mount point. */
    folders: string[];
    /** Why the first folder may not be this process's own group. */
    uncertain?: string;
    /** Set if a memory controller exists elsewhere, out of sight. */
    elsewhere?: string;
  }
  /** No hierarchy accounts for this process's memory. */
  | { kind: "none"; reason: string }
  /** One does, and its limits cannot be known. */
  | { kind: "unknown"; version: 1 | 2; reason: string };

const MEMORY = "memory";
const DELETED = " (deleted)";

/**
 * Finds the hierarchy that accounts for memory, and the group in it.
 *
 * @param exists Whether there is such a folder.
 */
export function locateCgroup(
  lines: CgroupLine[],
  mounts: CgroupMount[],
  exists: (folder: string) => boolean,
): CgroupPlace {
  const v1Line = lines.find((line) => line.controllers.includes(MEMORY));
  const v1Mounts = mounts.filter((mount) =>
    mount.version === 1 && mount.superOptions.includes(MEMORY)
  );
  if (v1Line !== undefined && v1Mounts.length > 0) return choose(1, v1Line.path, v1Mounts, exists);

  const v2Line = lines.find((line) => line.controllers.length === 0);
  const v2Mounts = mounts.filter((mount) => mount.version === 2);
  if (v2Line !== undefined && v2Mounts.length > 0) {
    const place = choose(2, v2Line.path, v2Mounts, exists);
    if (place.kind === "found" && v1Line !== undefined) {
      place.elsewhere = "memory is accounted by cgroup v1, which is not mounted here";
    }
    return place;
  }

  if (v1Line !== undefined) {
    return { kind: "unknown", version: 1, reason: "the cgroup v1 memory hierarchy is not mounted" };
  }
  if (v2Line !== undefined) {
    // A v2 line is always there; if v1 controllers are listed without memory
    // and v2 is not mounted, the controller can still be on v2.
    return { kind: "unknown", version: 2, reason: "no cgroup2 file system is mounted" };
  }
  return { kind: "none", reason: "no memory controller in /proc/self/cgroup" };
}

function choose(
  version: 1 | 2,
  path: string,
  mounts: CgroupMount[],
  exists: (folder: string) => boolean,
): CgroupPlace {
  const place = chooseMount(version, path, mounts);
  if (!path.endsWith(DELETED)) return place;
  // A folder of that name is a cgroup named so; the kernel removes others.
  const named = place.kind === "found" && place.uncertain === undefined;
  if (named && exists(place.folders[0]!)) return place;
  return chooseMount(version, path.slice(0, -DELETED.length), mounts);
}

function chooseMount(version: 1 | 2, path: string, mounts: CgroupMount[]): CgroupPlace {
  const ranked = mounts.toSorted((a, b) => rank(a) - rank(b) || a.root.length - b.root.length);
  const fitting = ranked.find((mount) => isBelow(path, mount.root));
  if (fitting !== undefined) {
    const rest = fitting.root === "/" ? path : path.slice(fitting.root.length);
    return { kind: "found", version, folders: foldersOf(fitting.mountPoint, rest) };
  }
  const known = ranked.find((mount) => !climbs(mount.root));
  if (known === undefined) {
    return {
      kind: "unknown",
      version,
      reason: `the cgroup namespace was unshared and ${
        ranked[0]!.mountPoint
      } not mounted again, so it shows groups above this process's own`,
    };
  }
  return {
    kind: "found",
    version,
    folders: [known.mountPoint],
    uncertain: `the group ${path} is not visible below ${known.mountPoint}`,
  };
}

/** The usual place first. */
function rank(mount: CgroupMount): number {
  return isBelow(mount.mountPoint, "/sys/fs/cgroup") ? 0 : 1;
}

/**
 * Whether `root` is `path` or a folder above it, component by component. Both
 * may lead out of the cgroup namespace, which they begin at.
 */
function isBelow(path: string, root: string): boolean {
  if (path === root) return true;
  const base = root === "/" ? "" : root;
  return path.startsWith(`${base}/`) && !climbs(path.slice(base.length));
}

/** Whether a path leads out of the cgroup namespace. */
function climbs(path: string): boolean {
  return path.split("/").includes("..");
}

/** `/a/b` below `/mount`: `/mount/a/b`, `/mount/a`, `/mount`. */
function foldersOf(mountPoint: string, path: string): string[] {
  const folders = [mountPoint];
  let folder = mountPoint === "/" ? "" : mountPoint;
  for (const part of path.split("/")) {
    if (part === "") continue;
    folder += `/${part}`;
    folders.unshift(folder);
  }
  return folders;
}
