// Recorded environments: a folder each, with proc/, sys/ and expected.json.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { openSampler } from "../../src/host/sampling.ts";
import type { MemInfo } from "../../src/mem_info.ts";
import type { Usage } from "../../src/sampler.ts";

/** What a correct reader concludes of an environment; sizes in bytes. */
export interface Expected {
  /** `null`: there is no limit; `"unknown"`: it cannot be told. */
  limit: number | null | "unknown";
  headroom: number;
  headroomWorkingSet: number;
  /** The group's own level is not visible. */
  uncertain?: boolean;
  /** The throttle limit, where it lies below the hard limit. */
  throttleAt?: number;
  /** The folder of the level that binds. */
  at?: string;
}

/** Samples the environment through the public sampler and compares. */
export function checkEnvironment(root: string, expected: Expected): void {
  const usages: [Usage, number][] = [
    ["current", expected.headroom],
    ["workingSet", expected.headroomWorkingSet],
  ];
  for (const [usage, headroom] of usages) {
    const sampler = openSampler({ adapter: "linux", root, usage });
    try {
      const info = sampler.sample() as MemInfo;
      assert.equal(info.cgroupLimit, expectedLimit(expected), `limit (${usage})`);
      assert.equal(info.headroom(), headroom, `headroom (${usage})`);
      const { cgroupLimit } = sampler.signals;
      assert.equal(cgroupLimit.available, expected.limit !== "unknown");
      assert.equal(cgroupLimit.throttleAt, expected.throttleAt);
      assert.equal(
        cgroupLimit.note?.startsWith("uncertain") ?? false,
        expected.uncertain ?? false,
        `uncertain: ${cgroupLimit.note}`,
      );
      if (expected.at !== undefined) {
        assert.equal(path.dirname(cgroupLimit.source), path.join(root, expected.at));
      }
      if (expected.limit === "unknown") assert.match(cgroupLimit.reason ?? "", /\w{3}/);
    } finally {
      sampler.close();
    }
  }
}

function expectedLimit({ limit }: Expected): number | undefined {
  if (limit === "unknown") return undefined;
  return limit ?? Infinity;
}

/** Writes a tree of files below a folder. */
export function writeTree(root: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
}
