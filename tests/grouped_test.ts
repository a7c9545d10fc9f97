import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { writeTree } from "./support/environments.ts";
import { grouped } from "./support/grouped.ts";
import { withTempFolder } from "./support/temp.ts";

describe("test files that share a process", () => {
  it("are those of a folder without hooks of their own, each of them once", () =>
    withTempFolder((folder) => {
      const hook = "beforeEach(() => {});\n";
      writeTree(folder, {
        "a/one_test.ts": "describe();\n",
        "a/two_test.ts": `describe(() => {\n  ${hook}});\n`,
        "a/hooks_test.ts": hook,
        "b/one_test.ts": "",
      });
      const file = (name: string) => path.join(folder, name);
      const files = ["a/one_test.ts", "a/hooks_test.ts", "a/two_test.ts", "b/one_test.ts"];
      const found = grouped(files.map(file), file("into"));
      const [a, b] = [file("into/a_test.mjs"), file("into/b_test.mjs")];
      assert.deepEqual(found, [a, b, file("a/hooks_test.ts")]);
      const imports = (module: string) => fs.readFileSync(module, "utf8").trim().split("\n");
      const url = (name: string) => `import "${pathToFileURL(file(name))}";`;
      assert.deepEqual(imports(a), [url("a/one_test.ts"), url("a/two_test.ts")]);
      assert.deepEqual(imports(b), [url("b/one_test.ts")]);
    }));
});
