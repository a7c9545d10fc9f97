import type { ChildGroup } from "../../tests/e2e/child_group.ts";
import type { Runtime } from "../../tests/support/runtimes.ts";
import type { Garbage } from "./garbage_program.ts";
import { runJson } from "./run_json.ts";

// A young generation that holds a whole chunk, so that none is collected unseen.
const V8 = ["--expose-gc", "--min-semi-space-size=512", "--max-semi-space-size=512"];

/**
 * Counts what samples leave for the garbage collector.
 *
 * @param field The only field to sample. Default: all.
 * @param group The cgroup to measure in. Default: that of this process.
 */
export function measureGarbage(
  runtime: Runtime,
  samples: number,
  field?: "headroom",
  group?: ChildGroup,
): Garbage {
  // In Bun a collection starts by itself sooner.
  const chunk = runtime.name === "bun" ? 20_000 : 100_000;
  const args = [samples, chunk, ...field === undefined ? [] : [field]];
  return runJson(runtime, "garbage_program.ts", args, V8, group);
}
