// Which files need another one: by the names of files that stand in them.

import fs from "node:fs";
import path from "node:path";

/**
 * Which of `files` need `target`, themselves or by way of a file that they name:
 * one that they import, load in a worker or start as a program.
 */
export function importersOf(target: string, files: readonly string[]): string[] {
  const namedBy = new Map<string, string[]>();
  const read = new Set(files.map((file) => path.resolve(file)));
  // The set grows while it is gone through.
  for (const file of read) {
    for (const named of namedIn(file)) {
      read.add(named);
      namedBy.set(named, [...namedBy.get(named) ?? [], file]);
    }
  }
  const needing = new Set([path.resolve(target)]);
  for (const file of needing) {
    for (const importer of namedBy.get(file) ?? []) needing.add(importer);
  }
  return files.filter((file) => needing.has(path.resolve(file)));
}

/** The files of the project that a file names. */
function namedIn(file: string): string[] {
  const text = fs.readFileSync(file, "utf8");
  const names = [...text.matchAll(/(["'`])([^"'`\s]+\.ts)\1/g)].map(([, , name]) => name!);
  return names.flatMap((name) => filesOf(path.resolve(path.dirname(file), name)));
}

/** The file of this name. A name that holds an expression may be any file of its folder. */
function filesOf(name: string): string[] {
  if (!name.includes("${")) return fs.existsSync(name) ? [name] : [];
  const folder = path.dirname(name.slice(0, name.indexOf("${") + 1));
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(folder, file));
}
