// Formats the core of three.js, 1.4 MB, with prettier.

import fs from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const prettier = require("prettier");

const file = require.resolve("three").replace("three.cjs", "three.core.js");
const formatted = await prettier.format(fs.readFileSync(file, "utf8"), { parser: "babel" });
if (formatted.length < 1_000_000) throw new Error(`prettier gave ${formatted.length} characters`);
