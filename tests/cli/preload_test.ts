import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { preload, type PreloadInput } from "../../src/cli/preload.ts";

const AUTO = new URL("file:///opt/memctl/auto.js");

function of(line: string, more: Partial<PreloadInput> = {}, auto: URL = AUTO) {
  const { words, variables, problems } = preload({
    words: line.split(" "),
    runtime: undefined,
    launches: false,
    interpreter: undefined,
    environment: {},
    limit: { bytes: 1e9, source: "memory.max" },
    isFile: (name) => name.endsWith(".ts"),
    ...more,
  }, auto);
  return {
    line: words.join(" "),
    variables: variables.map(({ name, value }) => `${name}=${value}`),
    problems,
  };
}

const NODE = "NODE_OPTIONS=--import=file:///opt/memctl/auto.js";
const BUN = "BUN_OPTIONS=--preload=/opt/memctl/auto.js";

describe("preload()", { skip: process.platform === "win32" }, () => {
  it("uses the variable of Node, and that of Bun", () => {
    const node = of("node app.js", { runtime: "node" });
    assert.deepEqual(node, { line: "node app.js", variables: [NODE], problems: [] });
    const bun = of("bun app.js", { runtime: "bun" });
    assert.deepEqual(bun, { line: "bun app.js", variables: [BUN], problems: [] });
  });

  it("keeps what a variable has already", () => {
    const { variables } = of("node app.js", {
      runtime: "node",
      environment: { NODE_OPTIONS: "--max-old-space-size=64 " },
    });
    assert.deepEqual(variables, [NODE.replace("=--", "=--max-old-space-size=64 --")]);
  });

  it("uses both for what Bun only starts", () => {
    const { variables, problems } = of("bun run build", { runtime: "bun", launches: true });
    assert.deepEqual([variables, problems], [[NODE, BUN], []]);
  });

  it("uses both for any other command, and says that Deno is not reached", () => {
    const { variables, problems } = of("make all");
    assert.deepEqual(variables, [NODE, BUN]);
    assert.deepEqual(problems, ["--watchdog does not reach programs in Deno that make starts"]);
    const task = of("deno task build", { runtime: "deno", launches: true });
    assert.deepEqual([task.variables, task.line], [[NODE, BUN], "deno task build"]);
  });

  it("states a limit of the command line to the watchdog", () => {
    const limit = { bytes: 1e8, source: "--limit" };
    const { variables } = of("node app.js", { runtime: "node", limit });
    assert.deepEqual(variables, [NODE, "MEMCTL_LIMIT=100000000"]);
    const deno = of("deno run app.ts", { runtime: "deno", limit });
    assert.deepEqual(deno.variables, ["MEMCTL_LIMIT=100000000"]);
  });

  const flag = `--preload=${AUTO}`;
  const rows: [string, string][] = [
    ["deno run -A app.ts x", `deno run ${flag} -A app.ts x`],
    ["deno -A app.ts run", `deno ${flag} -A app.ts run`],
    ["deno app.ts", `deno ${flag} app.ts`],
    ["deno --quiet serve app.ts", `deno --quiet serve ${flag} app.ts`],
    ["deno run https://example.com/x", `deno run ${flag} https://example.com/x`],
    ["deno jsr:@example/x", `deno ${flag} jsr:@example/x`],
  ];
  for (const [before, after] of rows) {
    it(`adds the flag to "${before}"`, () => {
      const found = of(before, { runtime: "deno" });
      assert.deepEqual(found, { line: after, variables: [], problems: [] });
    });
  }

  it("puts the interpreter of a script before it", () => {
    const { line } = of("./tool x", { runtime: "deno", interpreter: ["deno", "run", "-A"] });
    assert.equal(line, `deno run ${flag} -A ./tool x`);
  });

  it("leaves other subcommands of Deno alone, and says so", () => {
    for (const command of ["deno fmt", "deno", "deno --version"]) {
      const { line, problems } = of(command, { runtime: "deno" });
      assert.equal(line, command);
      assert.match(problems[0]!, /^--watchdog does not reach deno.*, which takes no --preload$/);
    }
  });

  it("says that Node and Bun cannot import it from the network, as Deno can", () => {
    const remote = new URL("https://jsr.io/@x/memctl/0.1.0/auto.ts");
    const { variables, problems } = of("make", {}, remote);
    assert.deepEqual(variables, []);
    assert.match(problems[0]!, /does not reach Node, which cannot import https:/);
    assert.match(problems[1]!, /does not reach Bun, which cannot import https:/);
    const { line } = of("deno run app.ts", { runtime: "deno" }, remote);
    assert.equal(line, `deno run --preload=${remote} app.ts`);
  });

  it("copes with a space in the path, except in Bun's variable", () => {
    const spaced = new URL("file:///opt/my%20apps/auto.ts");
    const { variables } = of("node x", { runtime: "node" }, spaced);
    assert.deepEqual(variables, ["NODE_OPTIONS=--import=file:///opt/my%20apps/auto.ts"]);
    const { problems } = of("bun x", { runtime: "bun" }, spaced);
    assert.deepEqual(problems, [
      "--watchdog does not reach Bun: the path has a space: /opt/my apps/auto.ts",
    ]);
  });
});
