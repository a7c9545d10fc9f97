// Compiles the WebGL renderer of three.js, 0.6 MB, for old browsers with Babel.

import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const babel = require("@babel/core");

const file = require.resolve("three").replace("three.cjs", "three.module.js");
const { code } = babel.transformSync(fs.readFileSync(file, "utf8"), {
  babelrc: false,
  configFile: false,
  compact: false,
  sourceMaps: true,
  presets: [[require.resolve("@babel/preset-env"), { targets: "ie 11", modules: "commonjs" }]],
});
if (code.length < 400_000) throw new Error(`Babel gave ${code.length} characters`);
