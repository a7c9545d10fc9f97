import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** Runs `use` with a new folder, which is gone afterwards. */
export async function withTempFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-"));
  try {
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** How many file descriptors this process has open, or `undefined` off Linux. */
export function openDescriptors(): number | undefined {
  return fs.existsSync("/proc/self/fd") ? fs.readdirSync("/proc/self/fd").length : undefined;
}
