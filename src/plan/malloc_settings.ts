import { type Environment, kept, type Setting } from "./setting.ts";

/** What glibc's malloc() and mimalloc are told; programs with other allocators ignore it. */
export function mallocSettings(
  environment: Environment,
): { environment: Setting[]; kept: Setting[] } {
  const variables: Setting[] = [];
  const own: Setting[] = [];
  for (const { name, value, reason, tunable } of VARIABLES) {
    const tunables = environment.GLIBC_TUNABLES;
    const before = environment[name];
    if (before !== undefined) own.push(kept(name, before));
    else if (tunable !== undefined && tunables?.includes(`glibc.malloc.${tunable}=`)) {
      own.push(kept("GLIBC_TUNABLES", tunables));
    } else variables.push({ name, value, reason });
  }
  return { environment: variables, kept: own };
}

const VARIABLES: readonly { name: string; tunable?: string; value: string; reason: string }[] = [
  {
    name: "MALLOC_ARENA_MAX",
    tunable: "arena_max",
    value: "2",
    reason: "the threads of the process share two arenas of malloc(), " +
      "because what one arena has freed no other can use",
  },
  {
    name: "MALLOC_TRIM_THRESHOLD_",
    tunable: "trim_threshold",
    value: "131072",
    reason: "malloc() returns freed memory to the kernel at 128.0KiB, " +
      "and does not raise this threshold by itself",
  },
  {
    name: "MIMALLOC_ALLOW_THP",
    value: "0",
    reason: "Bun and native modules with mimalloc, such as Rollup's, do not ask for huge pages, " +
      "of which many small blocks fill only a part",
  },
];
