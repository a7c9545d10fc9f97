import os from "node:os";
import { spawnSync } from "node:child_process";
import type { Runtime } from "../../tests/support/runtimes.ts";

/** The day and the machine, to stand above figures. */
export function occasion(): string {
  const [cpu] = os.cpus();
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${os.cpus().length} × ${cpu?.model.trim() || "unknown CPU"}, ` +
    `${os.type()} ${os.release().replace(/-.*/, "")}`;
}

/** Such as `Deno 2.9.6`. */
export function title({ name, command }: Runtime): string {
  const { stdout } = spawnSync(command[0]!, ["--version"], { encoding: "utf8" });
  const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? "of unknown version";
  return `${name[0]!.toUpperCase()}${name.slice(1)} ${version}`;
}
