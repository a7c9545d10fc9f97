import { describe, it } from "node:test";
import { filesOf, TREES } from "../fixtures/cgroup_trees.ts";
import { CONTAINER_TREES } from "../fixtures/container_trees.ts";
import { checkEnvironment, writeTree } from "../support/environments.ts";
import { withTempFolder } from "../support/temp.ts";

describe("the cgroup of", () => {
  for (const tree of [...TREES, ...CONTAINER_TREES]) {
    it(tree.name, () =>
      withTempFolder((root) => {
        writeTree(root, filesOf(tree));
        checkEnvironment(root, tree.expected);
      }));
  }
});
