// The third-party programs that are run in small containers. They come from
// npm, by bench/smallest/package.json.

import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A program that must finish. */
export interface Program {
  name: string;
  file: string;
  /** Talks to it while it runs; without one it ends by itself. */
  use?: (child: ChildProcess) => Promise<void>;
}

/** Every program, by what is in it. */
export const PROGRAMS: Program[] = [
  { name: "prettier", file: here("prettier.js") },
  { name: "Babel", file: here("babel.js") },
  { name: "Rollup", file: here("rollup.js") },
  { name: "React SSR", file: here("ssr.js") },
  { name: "JSON server", file: here("server.js"), use: postRecords },
  { name: "terser", file: here("terser.js") },
  { name: "TypeScript", file: here("typescript.js") },
  { name: "webpack", file: here("webpack.js") },
];

const REQUESTS = 60;
const CONCURRENT = 8;

/** 60 requests of 3.6 MB, eight at a time, and then its end. */
async function postRecords(child: ChildProcess): Promise<void> {
  const address = await firstLine(child);
  const body = JSON.stringify(Array.from({ length: 40_000 }, (_, id) => ({
    id,
    group: `group ${id % 97}`,
    value: (id * 7919) % 1000,
    text: `a record that carries some text ${id}`,
  })));
  let left = REQUESTS;
  const client = async () => {
    while (left-- > 0) {
      const { sorted } = await post(`${address}/records`, body) as { sorted: unknown[] };
      if (sorted.length !== 40_000) throw new Error(`the server gave ${sorted.length} records`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, client));
  await post(`${address}/end`, "{}");
}

async function post(url: string, body: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the server answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** The first line that a program prints; rejects if it ends before. */
function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout!.on("data", (chunk) => {
      output += chunk;
      if (output.includes("\n")) resolve(output.split("\n")[0]!);
    });
    child.on("close", () => reject(new Error("the server ended before it listened")));
  });
}

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
