// What a program prints in a terminal, as a picture.

import { type Colour, picture, rect, text } from "./svg.ts";

const COLUMN = 8.05;
const ROW = 19;
const MARGIN = 18;

/** Codes of colours that memctl prints. */
const CODES: Record<string, Colour> = { "31": "red", "32": "green", "33": "yellow", "36": "blue" };

/**
 * Draws lines as a terminal shows them.
 *
 * @param command What was typed.
 * @param output What was printed, with codes of colours.
 */
export function terminalPicture(title: string, command: string, output: string): string {
  const rows = [`$ ${command}`, ...output.replace(/\s+$/, "").split(/\r?\n/)];
  const columns = Math.max(...rows.map((row) => plain(row).length));
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = rows.length * ROW + 2 * MARGIN;
  return picture(width, height, title, [
    rect(0.5, 0.5, width - 1, height - 1, "panel", { line: "grid", radius: 8 }),
    ...rows.flatMap((row, i) => drawn(row, MARGIN + (i + 0.75) * ROW, i === 0)),
  ]);
}

function plain(row: string): string {
  // deno-lint-ignore no-control-regex -- codes of the terminal
  return row.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
}

/** One text for each stretch of one colour. */
function drawn(row: string, y: number, isCommand: boolean): string[] {
  let colour: Colour = isCommand ? "muted" : "ink";
  let column = 0;
  const parts: string[] = [];
  // deno-lint-ignore no-control-regex -- codes of the terminal
  for (const piece of row.split(/(\x1b\[[0-9;?]*[A-Za-z])/)) {
    // deno-lint-ignore no-control-regex -- codes of the terminal
    const code = /^\x1b\[(\d*)(?:;\d+)*m$/.exec(piece)?.[1];
    if (code !== undefined) colour = CODES[code] ?? "ink";
    else if (!piece.startsWith("\x1b") && piece !== "") {
      parts.push(text(MARGIN + column * COLUMN, y, piece, { colour, mono: true, size: 13.4 }));
      column += piece.length;
    }
  }
  return parts;
}
