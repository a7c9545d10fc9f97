// Heap snapshots, written where the caller wants them.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import v8 from "node:v8";

interface DenoGlobal {
  permissions: {
    querySync(descriptor: { name: "read" | "write"; path: string }): { state: string };
  };
}

const deno = (globalThis as { Deno?: DenoGlobal }).Deno;

/** Makes the folder if it is missing. Throws if nothing can be written into it. */
export function prepareSnapshotFolder(folder: string): void {
  for (const name of ["read", "write"] as const) {
    const state = deno?.permissions.querySync({ name, path: folder }).state ?? "granted";
    if (state !== "granted") throw new Error(`Deno needs --allow-${name}=${folder}`);
  }
  fs.mkdirSync(folder, { recursive: true });
  fs.accessSync(folder, fs.constants.W_OK);
}

/** Writes a snapshot: its path. */
export function writeSnapshot(folder: string, at: number, number: number): string {
  const time = new Date(at).toISOString().replaceAll(":", "-");
  return v8.writeHeapSnapshot(
    path.join(folder, `memctl-${process.pid}-${number}-${time}.heapsnapshot`),
  );
}
