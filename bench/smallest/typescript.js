// Checks the types of three.js, 500 files, with TypeScript's compiler.

import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const ts = require("typescript");

const folder = path.dirname(require.resolve("@types/three/package.json"));
const program = ts.createProgram([path.join(folder, "src/Three.WebGPU.d.ts")], {
  noEmit: true,
  strict: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
});
const files = program.getSourceFiles().length;
const problems = ts.getPreEmitDiagnostics(program).length;
if (files < 400) throw new Error(`TypeScript read ${files} files`);
if (problems > 0) throw new Error(`TypeScript found ${problems} problems`);
