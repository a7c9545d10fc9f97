// Bundles the sources of three.js, 700 modules, with Rollup and a source map.

import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const { rollup } = require("rollup");

const folder = path.dirname(path.dirname(require.resolve("three")));
const bundle = await rollup({
  input: path.join(folder, "src/Three.WebGPU.js"),
  logLevel: "silent",
});
const { output: [{ code, map }] } = await bundle.generate({ format: "es", sourcemap: true });
await bundle.close();
if (code.length < 1_000_000) throw new Error(`Rollup gave ${code.length} characters`);
if (map.toString().length < 1_000_000) throw new Error("Rollup gave no source map");
