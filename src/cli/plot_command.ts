import { chartSvg } from "./chart_svg.ts";
import { numberOf } from "./numbers.ts";
import { parseRecording } from "./recording.ts";
import type { Flags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

const PIXELS = { least: 200, most: 10_000, whole: true };

/** `memctl plot FILE`: exit code 1 if a file cannot be read or written. */
export function plotCommand(flags: Flags, terminal: Terminal): number {
  const file = flags.file!;
  const width = numberOf("width", flags.width, 900, PIXELS);
  const height = numberOf("height", flags.height, 420, PIXELS);
  const text = attempt(terminal, `cannot read ${file}`, () => terminal.readText(file));
  if (text === undefined) return 1;
  const svg = chartSvg(parseRecording(text, file), { width, height });
  const { output } = flags;
  if (output === undefined) {
    terminal.write(svg);
    return 0;
  }
  const written = attempt(terminal, `cannot write ${output}`, () => {
    terminal.writeText(output, svg);
    return true;
  });
  return written ? 0 : 1;
}

/** What a call on a file gives, or `undefined` once its error has been told. */
function attempt<T>(terminal: Terminal, what: string, call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.writeError(`memctl: ${what}: ${code === "ENOENT" ? "no such file" : message}\n`);
    return undefined;
  }
}
