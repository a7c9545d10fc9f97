import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type CgroupPlace, locateCgroup } from "../../platform/linux/cgroup_place.ts";
import { parseSelfCgroup } from "../../platform/linux/proc_self_cgroup.ts";
import { parseMountinfo } from "../../platform/linux/proc_self_mountinfo.ts";

/** One line of mountinfo. */
const mount = (version: 1 | 2, root: string, mountPoint: string, options: string) =>
  `30 24 0:26 ${root} ${mountPoint} rw - ${version === 1 ? "cgroup" : "cgroup2"} cgroup ${options}`;

const V1 = mount(1, "/", "/sys/fs/cgroup/memory", "rw,memory");
const V2 = mount(2, "/", "/sys/fs/cgroup", "rw,nsdelegate");

function locate(lines: string[], mounts: string[]): CgroupPlace {
  return locateCgroup(
    parseSelfCgroup(lines.join("\n")),
    parseMountinfo(mounts.join("\n")),
    () => true,
  );
}

describe("the hierarchy that accounts for memory", () => {
  it("is v1 where its memory controller is listed and mounted", () => {
    assert.deepEqual(locate(["7:cpu:/c", "4:hugetlb,memory:/a", "0::/b"], [V2, V1]), {
      kind: "found",
      version: 1,
      folders: ["/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory"],
    });
  });

  it("is v2 where v1 is mounted and does not list memory", () => {
    assert.deepEqual(locate(["7:cpu:/c", "0::/b"], [V1, V2]), {
      kind: "found",
      version: 2,
      folders: ["/sys/fs/cgroup/b", "/sys/fs/cgroup"],
    });
  });

  it("may be v1 out of sight while v2 is read", () => {
    const place = locate(["4:memory:/a", "0::/b"], [V2]);
    assert.ok(place.kind === "found" && place.version === 2);
    assert.match(place.elsewhere!, /v1.*not mounted/);
  });

  it("is not v1 for a cgroup2 mount, whatever its options", () => {
    const place = locate(["4:memory:/a", "0::/b"], [
      mount(2, "/", "/sys/fs/cgroup", "rw,memory"),
    ]);
    assert.ok(place.kind === "found" && place.version === 2);
  });

  it("is unknown where v1 accounts for memory and is not mounted", () => {
    const place = locate(["4:memory:/a"], [mount(1, "/", "/sys/fs/cgroup/cpu", "rw,cpu")]);
    assert.ok(place.kind === "unknown" && place.version === 1);
    assert.match(place.reason, /v1.*not mounted/);
  });

  it("is unknown where no cgroup2 file system is mounted", () => {
    const place = locate(["7:cpu:/c", "0::/b"], [V1]);
    assert.ok(place.kind === "unknown" && place.version === 2);
    assert.match(place.reason, /cgroup2/);
  });

  it("does not exist where neither version lists one", () => {
    for (const mounts of [[], [V2], [V1, V2]]) {
      const place = locate(["7:cpu:/c"], mounts);
      assert.ok(place.kind === "none");
      assert.match(place.reason, /\/proc\/self\/cgroup/);
    }
  });
});

describe("the folders of the process's cgroup", () => {
  const folders = (path: string, ...mounts: string[]) => {
    const place = locate([`0::${path}`], mounts);
    assert.ok(place.kind === "found", JSON.stringify(place));
    return place;
  };

  it("go from the process's own up to the mount point", () => {
    assert.deepEqual(folders("/a/b", V2).folders, [
      "/sys/fs/cgroup/a/b",
      "/sys/fs/cgroup/a",
      "/sys/fs/cgroup",
    ]);
    assert.deepEqual(folders("/", V2).folders, ["/sys/fs/cgroup"]);
  });

  it("begin below the mount's own root", () => {
    const { folders: found, uncertain } = folders("/pod/app", mount(2, "/pod", "/m", "rw"));
    assert.deepEqual(found, ["/m/app", "/m"]);
    assert.equal(uncertain, undefined);
    assert.deepEqual(folders("/pod", mount(2, "/pod", "/m", "rw")).folders, ["/m"]);
  });

  it("are those of the mount that shows the most levels, in any order of mounts", () => {
    const whole = mount(2, "/", "/x", "rw");
    const part = mount(2, "/pod", "/y", "rw");
    for (const mounts of [[whole, part], [part, whole]]) {
      assert.deepEqual(folders("/pod/app", ...mounts).folders, ["/x/pod/app", "/x/pod", "/x"]);
    }
  });

  it("are those of the usual place before those of others, in any order of mounts", () => {
    const usual = mount(2, "/pod", "/sys/fs/cgroup/unified", "rw");
    const other = mount(2, "/", "/x", "rw");
    for (const mounts of [[usual, other], [other, usual]]) {
      assert.equal(folders("/pod/app", ...mounts).folders.at(-1), "/sys/fs/cgroup/unified");
    }
  });

  it("are found where the hierarchy is mounted at the root of the file system", () => {
    assert.deepEqual(folders("/a", mount(2, "/", "/", "rw")).folders, ["/a", "/"]);
  });

  it("match the mount's root by whole components", () => {
    const { folders: found, uncertain } = folders("/podium/app", mount(2, "/pod", "/m", "rw"));
    assert.deepEqual(found, ["/m"]);
    assert.match(uncertain!, /\/podium\/app.*\/m/);
  });

  it("are uncertain where no mount shows the process's cgroup", () => {
    const { folders: found, uncertain } = folders(
      "/../other",
      mount(2, "/../x", "/n", "rw"),
      mount(2, "/pod", "/m", "rw"),
    );
    assert.deepEqual(found, ["/m"]);
    assert.match(uncertain!, /\/\.\.\/other.*\/m/);
  });

  it("are unknown where every mount lies outside the cgroup namespace", () => {
    const outside = mount(2, "/../..", "/sys/fs/cgroup", "rw");
    for (const lines of [["0::/"], ["4:memory:/a", "0::/"]]) {
      const place = locate(lines, [outside]);
      assert.ok(place.kind === "unknown");
      assert.deepEqual(Object.keys(place).sort(), ["kind", "reason", "version"]);
      assert.match(place.reason, /namespace.*\/sys\/fs\/cgroup/);
    }
  });

  it("are looked for without the kernel's suffix where a deleted one is out of sight", () => {
    const { folders: found, uncertain } = folders("/x (deleted)", mount(2, "/pod", "/m", "rw"));
    assert.deepEqual(found, ["/m"]);
    assert.equal(uncertain, "the group /x is not visible below /m");
    const place = locate(["0::/x (deleted)"], [mount(2, "/..", "/m", "rw")]);
    assert.equal(place.kind, "unknown");
  });
});
