// What a run of the mutants came to, without those that are known to be equivalent.

import path from "node:path";
import type { Equivalent } from "./equivalents.ts";

/** The parts of Stryker's report that are read here. */
export interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>;
}

interface Mutant {
  mutatorName: string;
  replacement?: string;
  status: string;
  location: { start: Position; end: Position };
}

/** Line and column, both from 1. */
interface Position {
  line: number;
  column: number;
}

interface Score {
  killed: number;
  survived: number;
  equivalent: number;
}

const KILLED = ["Killed", "Timeout"];
const SURVIVED = ["Survived", "NoCoverage"];

/** The survivors, then a table with a row for each folder. */
export function summarize(
  report: Report,
  equivalents: readonly Equivalent[],
): { lines: string[]; least: number } {
  const lines: string[] = [];
  const scores = new Map<string, Score>();
  const unused = new Set(equivalents.filter(({ file }) => file in report.files));
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    const score = scoreOf(scores, path.posix.dirname(file));
    for (const mutant of mutants) {
      const { original, replacement } = linesOf(source, mutant);
      const { mutatorName, location, status } = mutant;
      const told = `${status}: ${file}:${location.start.line} ${mutatorName}\n` +
        `  - ${original}\n  + ${replacement}`.trimEnd();
      const known = equivalents.find((one) =>
        one.file === file && one.mutator === mutatorName &&
        one.original === original && one.replacement === replacement
      );
      if (KILLED.includes(status)) {
        score.killed++;
      } else if (!SURVIVED.includes(status)) {
        lines.push(told);
      } else if (known !== undefined) {
        score.equivalent++;
        unused.delete(known);
      } else {
        score.survived++;
        lines.push(told);
      }
    }
  }
  for (const { file, original, replacement } of unused) {
    lines.push(
      `listed as equivalent, but killed or gone: ${file}\n  - ${original}\n  + ${replacement}`,
    );
  }
  lines.push("", "| folder | killed | survived | equivalent | score |");
  lines.push("| --- | ---: | ---: | ---: | ---: |");
  let least = 100;
  for (const [folder, score] of [...scores].sort(([a], [b]) => a < b ? -1 : 1)) {
    const { killed, survived, equivalent } = score;
    if (killed + survived === 0) continue;
    const percent = 100 * killed / (killed + survived);
    least = Math.min(least, percent);
    lines.push(
      `| \`${folder}\` | ${killed} | ${survived} | ${equivalent} | ${percent.toFixed(1)} % |`,
    );
  }
  return { lines, least };
}

function scoreOf(scores: Map<string, Score>, folder: string): Score {
  let score = scores.get(folder);
  if (score === undefined) {
    score = { killed: 0, survived: 0, equivalent: 0 };
    scores.set(folder, score);
  }
  return score;
}

/** The lines with the change: as they are, and as they become; each in one line. */
function linesOf(source: string, { location, replacement = "" }: Mutant) {
  const { start, end } = location;
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const before = lines[0]!.slice(0, start.column - 1);
  const after = lines.at(-1)!.slice(end.column - 1);
  return { original: flat(lines.join("\n")), replacement: flat(before + replacement + after) };
}

function flat(code: string): string {
  return code.replace(/\s+/g, " ").trim();
}
