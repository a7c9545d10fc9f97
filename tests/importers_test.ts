import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { writeTree } from "./support/environments.ts";
import { importersOf } from "./support/importers.ts";
import { withTempFolder } from "./support/temp.ts";

describe("the files that need another one", () => {
  it("import it, load it in a worker or start it, themselves or through others", () =>
    withTempFolder((folder) => {
      writeTree(folder, {
        "target.ts": "",
        "direct.ts": 'import { x } from "./target.ts";',
        "through.ts": 'export * from "./direct.ts";',
        "later.ts": 'await import("./through.ts");',
        "worker.ts": 'new Worker(new URL("./direct.ts", import.meta.url));',
        "programs/one.ts": 'import "../target.ts";',
        "starts.ts": "new URL(`programs/${name}.ts`, import.meta.url)",
        "circle.ts": 'import "./other_half.ts"; import "./direct.ts";',
        "other_half.ts": 'import "./circle.ts";',
        "not.ts": 'import "./neither.ts"; import assert from "node:assert/strict";',
        "neither.ts": '// as target does; see "./gone.ts"',
      });
      const of = (...names: string[]) =>
        importersOf(path.join(folder, "target.ts"), names.map((name) => path.join(folder, name)))
          .map((file) => path.basename(file));
      const names = ["direct", "through", "later", "worker", "starts", "circle", "other_half"]
        .map((name) => `${name}.ts`);
      assert.deepEqual(of(...names, "not.ts", "neither.ts"), names);
    }));

  it("are in this project those whose tests the adapter can change", () => {
    const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
    const files = [here("sample_test.ts"), here("bytes_test.ts"), here("otel/otel_test.ts")];
    const found = importersOf(here("support/adapter.ts"), files);
    assert.deepEqual(found, [files[0], files[2]]);
  });
});

describe("the flight recorder", () => {
  it("loads nothing of the other entry points", () => {
    const root = fileURLToPath(new URL("..", import.meta.url));
    const others = ["cli", "http", "otel", "plan", "policy", "prometheus", "testing", "watchdog"];
    const files = fs.readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => others.some((other) => file.startsWith(`${other}${path.sep}`)))
      .filter((file) => file.endsWith(".ts"));
    const recorder = path.join(root, "recorder.ts");
    assert.ok(files.length > 50);
    const loaded = files.filter((file) =>
      importersOf(path.join(root, "src", file), [recorder]).length > 0
    );
    assert.deepEqual(loaded, []);
  });
});
