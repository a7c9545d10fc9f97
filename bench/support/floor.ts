import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Compiles the floor where there is a C compiler; "" where there is none. */
export function buildFloor(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-floor-"));
  globalThis.addEventListener("unload", () => fs.rmSync(folder, { recursive: true }));
  const program = path.join(folder, "floor");
  const source = fileURLToPath(new URL("../floor.c", import.meta.url));
  return spawnSync("cc", ["-O2", "-o", program, source]).status === 0 ? program : "";
}
