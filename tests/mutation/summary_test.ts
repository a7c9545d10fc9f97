import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseEquivalents } from "./equivalents.ts";
import { type Report, summarize } from "./summary.ts";

const SOURCE = "const a = b || c;\nif (\n  a\n) b();\n";

/** A report on one file; each mutant with its place as line, column to line, column. */
function report(...mutants: [string, string, string, [number, number, number, number]][]): Report {
  return {
    files: {
      "src/x/a.ts": {
        source: SOURCE,
        mutants: mutants.map(([status, mutatorName, replacement, [line, column, toLine, to]]) => ({
          status,
          mutatorName,
          replacement,
          location: { start: { line, column }, end: { line: toLine, column: to } },
        })),
      },
    },
  };
}

const OR: [number, number, number, number] = [1, 11, 1, 17];
const TABLE = [
  "| file | kind | code | changed to | why |",
  "| ---- | ---- | ---- | ---------- | --- |",
  "| `src/x/a.ts` | LogicalOperator | `const a = b \\|\\| c;`   | `const a = b && c;` | never c |",
].join("\n");

describe("the summary of a mutation run", () => {
  it("counts what was killed by tests, by time and not at all, for each folder", () => {
    const { lines, least } = summarize(
      report(
        ["Killed", "A", "", OR],
        ["Timeout", "B", "", OR],
        ["Survived", "C", "", OR],
        ["NoCoverage", "D", "", OR],
      ),
      [],
    );
    assert.equal(lines.at(-1), "| `src/x` | 2 | 2 | 0 | 50.0 % |");
    assert.equal(least, 50);
  });

  it("shows each survivor with its lines before and after the change", () => {
    const { lines } = summarize(report(["Survived", "C", "true", [3, 3, 3, 4]]), []);
    assert.equal(lines[0], "Survived: src/x/a.ts:3 C\n  - a\n  + true");
    const block = summarize(report(["Survived", "C", "", [2, 1, 4, 7]]), []);
    assert.equal(block.lines[0], "Survived: src/x/a.ts:2 C\n  - if ( a ) b();\n  +");
  });

  it("does not count a survivor that is listed as equivalent", () => {
    const survivor = report(["Survived", "LogicalOperator", "b && c", OR], ["Killed", "A", "", OR]);
    const { lines, least } = summarize(survivor, parseEquivalents(TABLE));
    assert.equal(lines.at(-1), "| `src/x` | 1 | 0 | 1 | 100.0 % |");
    assert.equal(least, 100);
    assert.ok(!lines.some((line) => line.startsWith("Survived")));
  });

  it("counts a survivor of another kind or another change in the same line", () => {
    const survivors = report(
      ["Survived", "LogicalOperator", "b ?? c", OR],
      ["Survived", "ConditionalExpression", "b && c", OR],
    );
    assert.equal(summarize(survivors, parseEquivalents(TABLE)).least, 0);
  });

  it("tells which entries of the list no longer match a survivor", () => {
    const equivalents = parseEquivalents(TABLE);
    const { lines } = summarize(report(["Killed", "LogicalOperator", "b && c", OR]), equivalents);
    assert.match(lines[0]!, /killed or gone: src\/x\/a\.ts\n.*b \|\| c;\n.*b && c;/);
    assert.equal(summarize({ files: {} }, equivalents).lines[0], "", "of files that were mutated");
  });
});
