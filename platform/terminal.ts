// The terminal, or whatever standard input and output are instead.

import fs from "node:fs";
import process from "node:process";
import type { Terminal } from "../src/cli/terminal.ts";

/** What Ctrl-C sends in a terminal in raw mode. */
const CTRL_C = "\x03";

/** This process's standard streams. */
export function openTerminal(): Terminal {
  const ended = new AbortController();
  const { stdin, stdout, stderr } = process;
  const end = () => ended.abort();
  // Whoever reads may have had enough, as head(1) has.
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    end();
  });
  const stops = ["SIGINT", "SIGTERM"] as const;
  return {
    ended: ended.signal,
    isTerminal: stdout.isTTY === true,
    colors: stdout.isTTY === true && !noColor(),
    get columns() {
      return stdout.columns || 80;
    },
    get rows() {
      return stdout.rows || 24;
    },
    write: (text) => void stdout.write(text),
    writeError: (text) => void stderr.write(text),
    takeOver({ onKey, onResize }) {
      const raw = stdin.isTTY === true;
      const onData = (data: Uint8Array | string) => {
        for (const key of String(data)) key === CTRL_C ? end() : onKey(key);
      };
      if (raw) {
        stdin.setRawMode(true);
        stdin.on("data", onData);
        stdin.resume();
      }
      stdout.on("resize", onResize);
      return () => {
        stdout.off("resize", onResize);
        if (!raw) return;
        stdin.off("data", onData);
        stdin.setRawMode(false);
        stdin.pause();
      };
    },
    untilStopped(run) {
      for (const signal of stops) process.on(signal, end);
      return run().finally(() => {
        for (const signal of stops) process.off(signal, end);
      });
    },
    readText: (path) => fs.readFileSync(path === "-" ? 0 : path, "utf8"),
    writeText: (path, text) => fs.writeFileSync(path, text),
  };
}

/** Whether NO_COLOR is set; Deno tells without a permission for the environment. */
function noColor(): boolean {
  const { Deno } = globalThis as { Deno?: { noColor: boolean } };
  return Deno === undefined ? Boolean(process.env.NO_COLOR) : Deno.noColor;
}

/** What runs this, such as `{ name: "node", version: "24.1.0" }`. */
export function runtimeVersion(): { name: "deno" | "bun" | "node"; version: string } {
  const { deno, bun, node } = process.versions;
  if (deno !== undefined) return { name: "deno", version: deno };
  if (bun !== undefined) return { name: "bun", version: bun };
  return { name: "node", version: node };
}

/** The arguments of the command line, without the program's own. */
export function programArguments(): string[] {
  return process.argv.slice(2);
}

/** Sets the exit code, and lets what is still being written be written. */
export function exitWith(code: number): void {
  process.exitCode = code;
}
