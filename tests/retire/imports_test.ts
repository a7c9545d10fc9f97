import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files that a file imports, itself or through others; not for types only. */
function imported(file: string, found: Set<string> = new Set()): Set<string> {
  const text = fs.readFileSync(file, "utf8").replace(/^(import|export) type [^]*?;$/gm, "");
  for (const [, name] of text.matchAll(/^(?:import|export|\}) ?[^]*?from "(\.[^"]+)";$/gm)) {
    const target = path.resolve(path.dirname(file), name!);
    if (found.has(target)) continue;
    found.add(target);
    imported(target, found);
  }
  return found;
}

describe("@x/memctl/retire", () => {
  it("loads nothing of other parts of the module", () => {
    const files = [...imported(path.join(root, "retire.ts"))]
      .map((file) => path.relative(root, file));
    assert.ok(files.includes(path.join("src", "retire", "retire.ts")), files.join());
    const own = /^(src\/(retire|policy|host)\/)?[^/]*$|^src\/[^/]*$|^platform\//;
    assert.deepEqual(files.filter((file) => !own.test(file.replaceAll("\\", "/"))), []);
    const hosts = files.filter((file) => file.startsWith(path.join("src", "host")));
    assert.deepEqual(hosts.map((file) => path.basename(file)).toSorted(), [
      "retire.ts",
      "sampling.ts",
    ]);
  });
});
