// Every example in the documentation, run as its reader would: it imports the
// package by name. (Its types are one of the checks of the test command.)

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ownRuntime } from "./support/own_runtime.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The documents, and every published source. */
function files(): string[] {
  const inFolder = (folder: string, ending: string) =>
    fs.readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending))
      .map((name) => path.join(folder, name));
  const doors = Object.values<string>(
    JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).exports,
  );
  return ["README.md", ...inFolder("docs", ".md"), ...doors, ...inFolder("src", ".ts")];
}

/** The TypeScript of a document, or of the comments of a source. */
function examples(file: string): string[] {
  const text = fs.readFileSync(path.join(root, file), "utf8");
  const plain = file.endsWith(".md") ? text : text.replace(/^ *\* ?/gm, "");
  return [...plain.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!);
}

describe("examples in the documentation", () => {
  // Below the package's folder, so that its own name is found.
  const folder = path.join(root, `.examples-${process.pid}`);
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const file of files()) {
    for (const [i, code] of examples(file).entries()) {
      it(`${file}, ${i + 1}`, async () => {
        fs.mkdirSync(folder, { recursive: true });
        const module = path.join(folder, `${file.replace(/\W/g, "_")}_${i}.ts`);
        fs.writeFileSync(module, code);
        await import(pathToFileURL(module).href);
      });
    }
  }
});

describe("the first example of README.md and mod.ts", () => {
  const [program, ...options] = ownRuntime;
  const folder = path.join(root, `.first-example-${process.pid}`);
  after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const sandboxed = "Deno" in globalThis ? [["run", "--no-prompt"]] : [];
  for (const flags of [options, ...sandboxed]) {
    for (const file of ["README.md", "mod.ts"]) {
      it(`of ${file} ends under "${path.basename(program!)} ${flags.join(" ")}"`, () => {
        fs.mkdirSync(folder, { recursive: true });
        const module = path.join(folder, "first.ts");
        const code = examples(file)[0]!.replace(
          '"@x/memctl"',
          JSON.stringify(pathToFileURL(path.join(root, "mod.ts"))),
        );
        fs.writeFileSync(module, code);
        const { status, stderr } = spawnSync(program!, [...flags, module], {
          encoding: "utf8",
          timeout: 60_000,
        });
        assert.equal(status, 0, stderr);
      });
    }
  }
});

describe("deno task demo", () => {
  it("counts all signals that it lists", { timeout: 60_000 }, () => {
    const [program, ...options] = ownRuntime;
    const demo = [path.join(root, "examples/demo.ts"), "0.5"];
    const { stdout } = spawnSync(program!, [...options, ...demo], { encoding: "utf8" });
    const listed = stdout.split("\n\n")[0]!.split("\n").slice(1);
    const available = listed.filter((line) => !/^ +\w+ +- /.test(line)).length;
    assert.match(stdout, new RegExp(`${available} of ${listed.length} signals available\n$`));
  });
});
