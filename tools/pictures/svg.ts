// Pictures as SVG that look right on light and on dark pages: colours are
// classes, and the dark ones apply where the reader prefers a dark scheme.

/** Colour classes, light and dark. `-line` classes colour strokes. */
const COLOURS = {
  page: ["#ffffff", "#0d1117"],
  panel: ["#f3f5f8", "#1b2230"],
  ink: ["#1f2328", "#e6edf3"],
  muted: ["#59636e", "#9198a1"],
  grid: ["#d9dee4", "#30363d"],
  red: ["#c0341d", "#ff7b6b"],
  blue: ["#0063a8", "#62b0f0"],
  green: ["#0b7a4b", "#4cc98f"],
  yellow: ["#8a6100", "#e3b341"],
} as const;

/** A colour class. */
export type Colour = keyof typeof COLOURS;

const style = (scheme: 0 | 1): string =>
  Object.entries(COLOURS).map(([name, pair]) =>
    `.${name}{fill:${pair[scheme]}}.${name}-line{stroke:${pair[scheme]};fill:none}`
  ).join("");

/**
 * One whole picture.
 *
 * @param title What it shows, for readers who cannot see it.
 * @param parts Its elements.
 */
export function picture(
  width: number,
  height: number,
  title: string,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" role="img" font-family="system-ui,'DejaVu Sans',sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style(0)}@media (prefers-color-scheme: dark){${style(1)}}</style>`,
    rect(0, 0, width, height, "page"),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** A filled rectangle, or with `line` its outline. */
export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  colour: Colour,
  { line, radius = 0 }: { line?: Colour; radius?: number } = {},
): string {
  const outline = line === undefined
    ? ""
    : `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" class="${line}-line"/>`;
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" ` +
    `class="${colour}"/>${outline}`;
}

/** A line of text. */
export function text(
  x: number,
  y: number,
  content: string,
  { colour = "ink", anchor = "start", size = 13, bold = false, mono = false }: {
    colour?: Colour;
    anchor?: "start" | "middle" | "end";
    size?: number;
    bold?: boolean;
    mono?: boolean;
  } = {},
): string {
  const font = mono ? ` font-family="ui-monospace,'DejaVu Sans Mono',monospace"` : "";
  const space = mono ? ' xml:space="preserve"' : "";
  return `<text x="${x}" y="${y}" class="${colour}" text-anchor="${anchor}" font-size="${size}"` +
    `${bold ? ' font-weight="600"' : ""}${font}${space}>${escaped(content)}</text>`;
}

/** A line from point to point. */
export function line(
  points: readonly (readonly [x: number, y: number])[],
  colour: Colour,
  { width = 2, dash, arrow = false }: { width?: number; dash?: string; arrow?: boolean } = {},
): string {
  const drawn =
    `<polyline points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ")}" ` +
    `class="${colour}-line" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`;
  if (!arrow) return drawn;
  const [x, y] = points.at(-1)!;
  const [fromX, fromY] = points.at(-2)!;
  const angle = Math.atan2(y - fromY, x - fromX);
  const wing = (turn: number) =>
    `${round(x - 9 * Math.cos(angle + turn))},${round(y - 9 * Math.sin(angle + turn))}`;
  return `${drawn}<polygon points="${round(x)},${round(y)} ${wing(0.45)} ${wing(-0.45)}" ` +
    `class="${colour}"/>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
