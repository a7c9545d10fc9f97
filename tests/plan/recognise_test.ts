import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recognise } from "../../src/plan/recognise.ts";

/** Files by name: what follows "#!", or "". */
const FILES: Record<string, string> = {
  "app.js": "",
  "./vite": "/usr/bin/env node",
  "./tool": "/usr/bin/env -S deno run -A --v8-flags=--max-old-space-size=90",
  "./fast": "/usr/local/bin/bun --smol",
  "./shell": "/bin/sh -e",
  "./odd": "/usr/bin/env",
};
const files = {
  shebang: (name: string) => FILES[name] || undefined,
  isFile: (name: string) => Object.hasOwn(FILES, name),
};

describe("recognise()", () => {
  const rows: [string, string | undefined, boolean, string[]][] = [
    ["node app.js --max-old-space-size=1", "node", false, []],
    ["/usr/bin/node --enable-source-maps app.js", "node", false, ["--enable-source-maps"]],
    ["node --run build", "node", true, ["--run"]],
    ["nodejs app.js", "node", false, []],
    ["node.exe app.js", "node", false, []],
    ["npm run build", "node", true, []],
    ["npx prettier .", "node", true, []],
    ["yarn build", "node", true, []],
    ["deno run -A app.js", "deno", false, ["-A"]],
    [
      "deno run --v8-flags=--max-semi-space-size=1 app.js -x",
      "deno",
      false,
      ["--v8-flags=--max-semi-space-size=1"],
    ],
    ["deno -A app.js", "deno", false, ["-A"]],
    ["deno serve app.js", "deno", false, []],
    ["deno task build", "deno", true, []],
    ["bun app.js", "bun", false, []],
    ["bun run app.js", "bun", false, []],
    ["bun --smol run app.js", "bun", false, ["--smol"]],
    ["bun run build", "bun", true, []],
    ["bun build", "bun", false, []],
    ["bun test", "bun", false, []],
    ["bun dev", "bun", true, []],
    ["bun x prettier", "bun", true, []],
    ["bunx prettier", "bun", true, []],
    ["./vite build", "node", false, []],
    ["./tool x", "deno", false, ["-A", "--v8-flags=--max-old-space-size=90"]],
    ["./fast x", "bun", false, ["--smol"]],
    ["./shell x", undefined, false, []],
    ["./odd x", undefined, false, []],
    ["python3 node", undefined, false, []],
    ["", undefined, false, []],
  ];
  for (const [command, runtime, launches, flags] of rows) {
    it(`"${command}": ${runtime}${launches ? ", which starts another process" : ""}`, () => {
      const { interpreter: _, ...found } = recognise(command.split(" "), files);
      assert.deepEqual(found, { runtime, launches, flags });
    });
  }
});
