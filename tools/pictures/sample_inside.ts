// Prints a snapshot as JSON, with limit and usage of the process's own cgroup and
// of the level above. The argument is the folder of the own cgroup.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { sample } from "../../mod.ts";

const folder = process.argv[2]!;
const info = await sample();
const levels = { inner: levelOf(folder), outer: levelOf(path.dirname(folder)) };
console.log(JSON.stringify({ ...info.toJSON(), levels }));

function levelOf(folder: string): { limit: number; usage: number } {
  const read = (...names: string[]) => {
    const name = names.find((name) => fs.existsSync(path.join(folder, name)))!;
    return Number(fs.readFileSync(path.join(folder, name), "utf8"));
  };
  return {
    limit: read("memory.limit_in_bytes", "memory.max"),
    usage: read("memory.usage_in_bytes", "memory.current"),
  };
}
