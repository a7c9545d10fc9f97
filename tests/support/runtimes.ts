import { spawnSync } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A JavaScript runtime on this machine. */
export interface Runtime {
  name: "deno" | "bun" | "node";
  /** What runs a TypeScript file with all permissions, the file to follow. */
  command: string[];
}

const own = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

/** The runtimes that are here: those of the checkout's packages before PATH's. */
export function findRuntimes(): Runtime[] {
  const deno = findDeno();
  const bun = find(["MEMCTL_TEST_BUN"], "bun", ["--version"]);
  // A Node that strips types.
  const node = find(["MEMCTL_TEST_NODE"], "node", [
    "--input-type=module-typescript",
    "-e",
    "const x: number = 1",
  ]);
  return [
    ...(deno ? [{ name: "deno" as const, command: [deno, "run", "-A", "--no-lock"] }] : []),
    ...(bun ? [{ name: "bun" as const, command: [bun] }] : []),
    ...(node ? [{ name: "node" as const, command: [node] }] : []),
  ];
}

/** A `deno`, or `undefined`: the one that the runner says, this one, or PATH's. */
export function findDeno(): string | undefined {
  if ("Deno" in globalThis) return process.execPath;
  return find(["MEMCTL_TEST_DENO"], "deno", ["--version"]);
}

function find(variables: string[], name: string, args: string[]): string | undefined {
  const candidates = [
    ...variables.map((variable) => process.env[variable]),
    path.join(own, name),
    name,
  ];
  return candidates.find((file) => file !== undefined && spawnSync(file, args).status === 0);
}
