// Bundles the sources of three.js, 700 modules, with webpack and a source map.

import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const require = createRequire(import.meta.url);
const webpack = require("webpack");

const folder = path.dirname(path.dirname(require.resolve("three")));
const output = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-webpack-"));
const stats = await new Promise((resolve, reject) =>
  webpack({
    mode: "production",
    devtool: "source-map",
    optimization: { minimize: false },
    entry: path.join(folder, "src/Three.WebGPU.js"),
    output: { path: output },
  }, (error, stats) => error ? reject(error) : resolve(stats))
);
const { size } = fs.statSync(path.join(output, "main.js.map"));
fs.rmSync(output, { recursive: true });
if (stats.hasErrors()) throw new Error(stats.toString("errors-only"));
if (size < 1_000_000) throw new Error("webpack gave no source map");
