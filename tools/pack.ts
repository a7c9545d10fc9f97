// Makes the npm package: `deno task pack [FILE.tgz]`. `deno pack` compiles the
// sources and their types. This adds what its package.json lacks: the program
// `memctl`, the versions of Node, and where the sources are.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { DESCRIPTION, REPOSITORY } from "./project.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The first Node that runs the compiled JavaScript. */
const ENGINES = { node: ">=20" };

/**
 * Makes the tarball.
 *
 * @param deno The Deno that compiles the sources.
 * @param file Where to put it.
 * @throws {Error} If a program fails.
 */
export function pack(deno: string, file: string): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-pack-"));
  try {
    const compiled = path.join(folder, "compiled.tgz");
    run(deno, ["pack", "--allow-dirty", "--no-source-maps", "--output", compiled], root);
    run("tar", ["-xzf", compiled], folder);
    const content = path.join(folder, "package");
    complete(content);
    bundleProgram(deno, content);
    run("npm", ["pack", "--pack-destination", folder, content], folder);
    const [packed] = fs.readdirSync(folder).filter((name) =>
      name.endsWith(".tgz") && name !== "compiled.tgz"
    );
    fs.copyFileSync(path.join(folder, packed!), file);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function complete(folder: string): void {
  const manifest = path.join(folder, "package.json");
  const generated = JSON.parse(fs.readFileSync(manifest, "utf8"));
  const description = {
    ...generated,
    description: DESCRIPTION,
    repository: { type: "git", url: `git+${REPOSITORY}.git` },
    homepage: `${REPOSITORY}#readme`,
    bugs: `${REPOSITORY}/issues`,
    engines: ENGINES,
    bin: { memctl: "./memctl.js" },
  };
  fs.writeFileSync(manifest, JSON.stringify(description, undefined, 2) + "\n");
}

/**
 * Writes the program `memctl`, with few files instead of the 70 that `exec`
 * would load: its start adds to that of every command. The folder has the depth
 * of src/cli, from where auto.js is found.
 */
function bundleProgram(deno: string, folder: string): void {
  const outdir = path.join(folder, "dist", "cli");
  const flags = ["--quiet", "--minify", "--code-splitting", "--outdir", outdir];
  run(deno, ["bundle", ...flags, "cli.ts"], root);
  const text = '#!/usr/bin/env node\nimport "./dist/cli/cli.js";\n';
  fs.writeFileSync(path.join(folder, "memctl.js"), text, { mode: 0o755 });
}

function run(program: string, args: string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${stdout}${stderr}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const file = path.resolve(process.argv[2] ?? "memctl.tgz");
  pack(process.execPath, file);
  console.log(file);
}
