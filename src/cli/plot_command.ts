import { chartSvg } from "./chart_svg.ts";
import { numberOf } from "./numbers.ts";
import { parseRecording } from "./recording.ts";
import type { Flags } from "./flags.ts";
import type { Terminal } from "../terminal.ts";

const PIXELS = { least: 200, most: 10_000, whole: true };

/** `memctl plot FILE`: exit code 1 if a file cannot be read or written. */
export async function plotCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const file = flags.file!;
  const width = numberOf("width", flags.width, 900, PIXELS);
  const height = numberOf("height", flags.height, 420, PIXELS);
  const text = await attempt(terminal, `cannot read ${file}`, () => terminal.readText(file));
  if (text === undefined) return 1;
  const { recorded, cutOff } = parseRecording(text, file);
  if (cutOff !== undefined) {
    terminal.writeError(`memctl: ${cutOff} is cut off: the line was skipped\n`);
  }
  const svg = chartSvg(recorded, { width, height });
  const { output } = flags;
  if (output === undefined) {
    terminal.write(svg);
    return 0;
  }
  const written = await attempt(terminal, `cannot write ${output}`, () => {
    terminal.writeText(output, svg);
    return true;
  });
  return written ? 0 : 1;
}

/** The result of a call on a file; `undefined` if it failed, which is then reported. */
async function attempt<T>(
  terminal: Terminal,
  what: string,
  call: () => T | Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.writeError(`memctl: ${what}: ${code === "ENOENT" ? "no such file" : message}\n`);
    return undefined;
  }
}
