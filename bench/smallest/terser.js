// Minifies the core of three.js, 1.4 MB, with terser and a source map.

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const { minify } = require("terser");

const folder = path.dirname(require.resolve("three"));
const source = fs.readFileSync(path.join(folder, "three.core.js"), "utf8");
const { code, map } = await minify(source, { module: true, sourceMap: true });
if (code.length < 200_000) throw new Error(`terser gave ${code.length} characters`);
if (map.length < 200_000) throw new Error("terser gave no source map");
