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

/**
 * How many files this process has open, or `undefined` off Linux. Sockets and
 * pipes do not count: those of an earlier test may close at any time.
 */
export function openDescriptors(): number | undefined {
  if (!fs.existsSync("/proc/self/fd")) return undefined;
  return fs.readdirSync("/proc/self/fd").filter(isOnFile).length;
}

function isOnFile(descriptor: string): boolean {
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`).startsWith("/");
  } catch (error) {
    // The descriptor that the folder was listed by is closed.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
