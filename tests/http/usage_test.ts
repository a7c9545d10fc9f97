import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { LoadShedder, type ShedOptions } from "../../http.ts";
import { MiB } from "../../mod.ts";
import { MEMINFO } from "../fixtures/cgroup_trees.ts";
import { writeTree } from "../support/environments.ts";
import { outcome } from "../support/scripted_shedder.ts";
import { withTempFolder } from "../support/temp.ts";

/** A container of 512 MiB that is full, mostly of page cache. */
const CONTAINER: Record<string, string> = {
  "proc/meminfo": MEMINFO,
  "proc/self/cgroup": "0::/\n",
  "proc/self/mountinfo": "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
  "sys/fs/cgroup/memory.max": `${512 * MiB}\n`,
  "sys/fs/cgroup/memory.current": `${500 * MiB}\n`,
  "sys/fs/cgroup/memory.stat": `anon 1\ninactive_file ${400 * MiB}\n`,
};

describe("the usage that a shedder follows", { skip: process.platform !== "linux" }, () => {
  const decide = (options: Pick<ShedOptions, "usage" | "collect">) =>
    withTempFolder((root) => {
      writeTree(root, CONTAINER);
      // The heap of this process has a limit of its own, which may be as near.
      const headroom = 20 * MiB;
      const shedder = new LoadShedder({ adapter: "linux", root, headroom, ...options });
      const decided = outcome(shedder.admit({}));
      shedder.close();
      return decided;
    });

  it("is that without page cache, unless it is told otherwise", async () => {
    assert.equal(await decide({}), true);
    assert.equal(await decide({ usage: "workingSet" }), true);
  });

  it("may be all that the container is charged", async () => {
    const options = { usage: "current", collect: false } as const;
    assert.equal(await decide(options), "headroom");
  });
});
