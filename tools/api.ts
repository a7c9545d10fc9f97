// The published API as `deno doc --json` tells it: each symbol once, with its
// members as they stand in the source.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A property or method of an exported interface, class or object type. */
export interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  /** The type of a property as the source has it, without `| undefined`; otherwise empty. */
  readonly type: string;
  readonly doc: string;
  readonly tags: readonly string[];
}

/** An exported symbol. Overloads of a function are symbols of their own. */
export interface Exported {
  readonly name: string;
  /** The first entry point that exports it, such as `mod.ts`. */
  readonly entry: string;
  readonly kind: string;
  readonly doc: string;
  readonly tags: readonly string[];
  readonly since: string | undefined;
  /** Of an interface, class or type: its own, and those of object types that a type joins. */
  readonly members: readonly Member[];
  /** Of a class with a constructor. */
  readonly constructorTags: readonly string[] | undefined;
}

/** The published API. */
export interface Api {
  /** The text of each entry point's module docstring. */
  readonly modules: ReadonlyMap<string, string>;
  readonly symbols: readonly Exported[];
}

// deno-lint-ignore no-explicit-any -- the format of another program
type Json = any;

/** The entry points by the manifest, such as `mod.ts`. */
export function entryPoints(): string[] {
  const { exports } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8"));
  return Object.values<string>(exports).map((file) => path.basename(file));
}

/**
 * Reads the published API.
 *
 * @param deno The program that does.
 * @throws {Error} If it fails.
 */
export function readApi(deno: string): Api {
  const { status, stdout, stderr } = spawnSync(deno, ["doc", "--json", ...entryPoints()], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`deno doc failed: ${stderr}`);
  const modules = new Map<string, string>();
  const symbols: Exported[] = [];
  const seen = new Set<string>();
  for (const [file, module] of Object.entries<Json>(JSON.parse(stdout).nodes)) {
    const entry = path.basename(file);
    modules.set(entry, module.module_doc?.doc ?? "");
    for (const { name, declarations } of module.symbols) {
      for (const declaration of declarations) {
        const place = `${declaration.location.filename}:${declaration.location.byteIndex}`;
        if (declaration.kind === "reference" || seen.has(place)) continue;
        // The implementation of an overloaded function is not published.
        if (declaration.kind === "function" && declaration.def.hasBody && declarations.length > 1) {
          continue;
        }
        seen.add(place);
        symbols.push(exported(name, entry, declaration));
      }
    }
  }
  return { modules, symbols };
}

/** The first sentence of a docstring, on one line. */
export function firstSentence(doc: string): string {
  const paragraph = doc.split(/\n\s*\n|\n- |```/)[0]!.replace(/\s+/g, " ").trim();
  return /^.*?[.?!](?=\s+[A-Z`{"(]|$)/.exec(paragraph)?.[0] ?? paragraph;
}

function exported(name: string, entry: string, declaration: Json): Exported {
  const { kind, def, jsDoc } = declaration;
  const [made] = def?.constructors ?? [];
  return {
    name,
    entry,
    kind,
    ...documented(jsDoc),
    since: jsDoc?.tags?.find((tag: Json) => tag.kind === "since")?.doc,
    members: kind === "typeAlias" ? membersOfType(def.tsType) : membersOf(def),
    constructorTags: made && documented(made.jsDoc).tags,
  };
}

function documented(jsDoc: Json): { doc: string; tags: string[] } {
  return { doc: jsDoc?.doc ?? "", tags: (jsDoc?.tags ?? []).map((tag: Json) => tag.kind) };
}

function membersOf(def: Json): Member[] {
  const all = [...def?.properties ?? [], ...def?.methods ?? []];
  return all.filter(({ accessibility }: Json) => accessibility !== "private").map(member);
}

/** The members of the object types that a type joins: `Named & { a: string }` has `a`. */
function membersOfType(type: Json): Member[] {
  if (type.kind === "typeLiteral") return membersOf(type.value);
  if (type.kind === "intersection") return type.value.flatMap(membersOfType);
  return [];
}

function member(json: Json): Member {
  return {
    name: json.name,
    isOptional: json.optional === true,
    type: typeOf(json.location),
    ...documented(json.jsDoc),
  };
}

/** The type of the property at this place, as the source has it. Empty for anything else. */
function typeOf({ filename, byteIndex }: Json): string {
  const source = fs.readFileSync(fileURLToPath(filename)).subarray(byteIndex).toString();
  const start = /^(?:readonly\s+)?[\w$]+\??:\s*/.exec(source)?.[0].length;
  if (start === undefined) return "";
  const end = endOfType(source, start);
  const type = source.slice(start, end).replace(/\s+/g, " ").replace(/ \| undefined$/, "");
  return /^\((.*)\)$/.exec(type)?.[1] ?? type;
}

/** Where the semicolon is that ends the type, after all brackets that it opens. */
function endOfType(source: string, start: number): number {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    if ("({[".includes(source[i]!)) depth++;
    if (")}]".includes(source[i]!)) depth--;
    if (depth === 0 && source[i] === ";") return i;
  }
  return source.length;
}
