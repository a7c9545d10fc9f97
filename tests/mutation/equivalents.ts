// The table of equivalent mutants in docs/mutation.md.

/** A change of the sources that no test can notice. */
export interface Equivalent {
  file: string;
  /** Stryker's name of the kind of change. */
  mutator: string;
  /** The code that is there, in one line. */
  original: string;
  replacement: string;
}

/** Reads the rows of the table: file, kind, code, replacement, and why. */
export function parseEquivalents(markdown: string): Equivalent[] {
  return markdown.split("\n")
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map(uncoded))
    .filter((cells) => cells.length === 5 && cells[0]!.endsWith(".ts"))
    .map(([file, mutator, original, replacement]) => ({
      file: file!,
      mutator: mutator!,
      original: original!,
      replacement: replacement!,
    }));
}

/** A cell's text: without the backticks around code, and with its bars. */
function uncoded(cell: string): string {
  return cell.trim().replace(/^`+ ?| ?`+$/g, "").replaceAll("\\|", "|");
}
