// The reference tables of the documentation, made from the types and docstrings
// of the sources: `deno task docs:tables`. A table stands between
// `<!-- options of NAME -->` or `<!-- members of NAME -->` and `<!-- end -->`.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Api, type Exported, firstSentence, type Member, readApi } from "./api.ts";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));

const PLACE = /(<!-- (options|members) of (\w+)(?: in (\w+))? -->\n).*?(<!-- end -->)/gs;

/** The documents that can hold tables. */
export function pages(): string[] {
  return fs.readdirSync(docs).filter((file) => file.endsWith(".md")).map((file) =>
    path.join(docs, file)
  );
}

/** The text with each table as the sources have it now, unformatted. */
export function withTables(text: string, api: Api): string {
  return text.replace(PLACE, (_, head, kind, name, entry, tail) => {
    const symbol = find(api, name, entry);
    const table = kind === "options" ? optionsTable(symbol) : membersTable(symbol);
    return `${head}\n${table}\n\n${tail}`;
  });
}

/** The types that have a table of options in the text. */
export function tabled(text: string): { name: string; entry: string | undefined }[] {
  return [...text.matchAll(PLACE)]
    .filter(([, , kind]) => kind === "options")
    .map(([, , , name, entry]) => ({ name: name!, entry }));
}

/** The text without the spaces that line up the columns of tables. */
export function unaligned(text: string): string {
  return text.replace(/^\|.*$/gm, (row) => row.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---"));
}

function find({ symbols }: Api, name: string, entry: string | undefined): Exported {
  const symbol = symbols.find((symbol) =>
    symbol.name === name && (entry === undefined || symbol.entry === `${entry}.ts`)
  );
  if (symbol === undefined) throw new Error(`no entry point exports ${name}`);
  return symbol;
}

function optionsTable(symbol: Exported): string {
  const rows = symbol.members.map((member) => [
    code(member.name),
    code(member.type),
    defaultOf(member),
    unitOf(member, symbol),
    meaningOf(member),
  ]);
  return table(["option", "type", "default", "unit", "meaning"], rows);
}

function membersTable(symbol: Exported): string {
  const rows = symbol.members.map((member) => [
    code(member.name),
    member.type === "" ? "" : code(member.type),
    unitOf(member, symbol),
    meaningOf(member),
  ]);
  return table(["name", "type", "unit", "meaning"], rows);
}

function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

function code(text: string): string {
  return `\`${text}\``;
}

function defaultOf({ isOptional, doc }: Member): string {
  if (!isOptional) return "required";
  const text = doc.replace(/\s+/g, " ");
  return /Default: (.*?)\.(?= [A-Z]|$)/.exec(text.trim())?.[1] ?? "–";
}

/** What the docstring says that a number counts. */
function unitOf({ name, type, doc }: Member, symbol: Exported): string {
  if (/\bSize\b/.test(type)) return "bytes or share";
  if (/\bShare\b/.test(type)) return "share";
  if (!/\bnumber\b/.test(type) || /^(Maximum )?number of (?!bytes|milli)/i.test(doc)) return "–";
  const words = "milliseconds?|ms|microseconds|bytes?|seconds?|percent|MiB";
  const own = new RegExp(`\\b(${words})\\b`, "i").exec(doc);
  const shared = SIZES.test(name) &&
    new RegExp(`\\b(?:Durations|sizes) are (${words})\\b`).exec(symbol.doc);
  return UNITS[(own ?? (shared || undefined))?.[1]?.toLowerCase() ?? ""] ?? "–";
}

/** Names of sizes and durations, whose unit may stand in the docstring of the whole type. */
const SIZES =
  /rss|used|limit|total|current|available|set$|heap|size|usage|headroom|threshold|gap|bytes/i;

const UNITS: Record<string, string> = {
  millisecond: "ms",
  milliseconds: "ms",
  ms: "ms",
  byte: "bytes",
  bytes: "bytes",
  second: "s",
  seconds: "s",
  percent: "%",
  microseconds: "µs",
  mib: "MiB",
};

function meaningOf({ doc }: Member): string {
  return firstSentence(doc.replace(/\{@linkcode ([\w.]+)\}/g, "`$1`"));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const api = readApi(process.execPath);
  for (const page of pages()) {
    const old = fs.readFileSync(page, "utf8");
    const text = withTables(old, api);
    if (unaligned(text) !== unaligned(old)) fs.writeFileSync(page, text);
  }
  const { status } = spawnSync(process.execPath, ["fmt", "--quiet", docs], { stdio: "inherit" });
  process.exitCode = status ?? 1;
}
