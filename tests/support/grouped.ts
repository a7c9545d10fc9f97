// Test files that share a process. Deno takes half a second for each file, and
// Node a third of one, which is longer than most files take to run.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Writes a module for each folder of test files, which imports them, and returns
 * what is to be run. A file with hooks outside of any `describe()` is left as it
 * is, because its hooks would be called for the tests of the others.
 *
 * @param into A folder for the modules, which is made when missing.
 */
export function grouped(files: readonly string[], into: string): string[] {
  fs.mkdirSync(into, { recursive: true });
  const alone: string[] = [];
  const groups = new Map<string, string[]>();
  for (const file of files) {
    if (hasHooks(file)) {
      alone.push(file);
      continue;
    }
    const folder = path.basename(path.dirname(path.resolve(file)));
    const module = path.join(into, `${folder}_test.mjs`);
    groups.set(module, [...groups.get(module) ?? [], file]);
  }
  for (const [module, members] of groups) {
    const imports = members.map((file) => `import "${pathToFileURL(file)}";\n`);
    fs.writeFileSync(module, imports.join(""));
  }
  return [...groups.keys(), ...alone];
}

function hasHooks(file: string): boolean {
  return /^(before|after)(Each)?\(/m.test(fs.readFileSync(file, "utf8"));
}
