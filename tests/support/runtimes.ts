import { spawnSync } from "node:child_process";
import process from "node:process";

/** A `deno` to start, or `undefined`: the runner says which, else this one, else PATH's. */
export function findDeno(): string | undefined {
  const candidates = [
    process.env.MEMCTL_TEST_DENO,
    "Deno" in globalThis ? process.execPath : undefined,
    "deno",
  ];
  return candidates.find((path) =>
    path !== undefined && spawnSync(path, ["--version"]).status === 0
  );
}
