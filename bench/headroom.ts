// What a sample of nothing but headroom costs under a cgroup limit, compared
// with a sample of everything and its reads in C: `deno task bench:headroom`.
// Needs a C compiler, root and a writable memory cgroup.

import { MiB } from "../mod.ts";
import { ChildGroup, findHierarchy } from "../tests/e2e/child_group.ts";
import { findRuntimes, type Runtime } from "../tests/support/runtimes.ts";
import { buildFloor } from "./support/floor.ts";
import { measureGarbage } from "./support/garbage.ts";
import type { HeadroomCost } from "./support/headroom_program.ts";
import { occasion, title } from "./support/machine.ts";
import { runJson } from "./support/run_json.ts";
import { markdown } from "./support/table.ts";

const SAMPLES = 400_000;

const hierarchy = findHierarchy();
if (hierarchy.problem !== undefined) throw new Error(`cannot run: ${hierarchy.problem}`);
const floor = buildFloor();
if (floor === "") throw new Error("cannot run: there is no C compiler (cc)");

const group = new ChildGroup(hierarchy.version, hierarchy.folder);
try {
  // Above the young generation that the count of garbage needs, and not a number that V8 boxes.
  group.setLimit(2_000 * MiB);
  const files = runJson<string[]>(findRuntimes()[0]!, "files_program.ts", [], [], group);
  console.log(`${occasion()}; cgroup v${hierarchy.version}, limit 2,000 MiB.`);
  console.log(`The floor is ${files.length} reads in C: ${files.join(", ")}\n`);
  console.log(markdown([
    ["", "headroom, × the floor", "µs", "everything, × the floor", "µs", "garbage, bytes"],
    ...findRuntimes().map((runtime) => row(runtime, files)),
  ]));
} finally {
  await group.remove();
}

function row(runtime: Runtime, files: string[]): string[] {
  const cost = runJson<HeadroomCost>(runtime, "headroom_program.ts", [floor, ...files], [], group);
  if (!cost.limited) throw new Error("no cgroup limit was effective");
  const { perSample } = measureGarbage(runtime, SAMPLES, "headroom", group);
  return [
    title(runtime),
    cost.headroomRatio.toFixed(2),
    (cost.headroom / 1_000).toFixed(1),
    cost.everythingRatio.toFixed(2),
    (cost.everything / 1_000).toFixed(1),
    perSample.toFixed(0),
  ];
}
