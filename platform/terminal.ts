// The terminal, or whatever standard input and output are instead.

import fs from "node:fs";
import process from "node:process";
import type { Terminal } from "../src/terminal.ts";
import { isPermitted, requirePermission } from "./deno.ts";

/** What Ctrl-C sends in a terminal in raw mode. */
const CTRL_C = "\x03";
/** What Ctrl-Z sends in a terminal in raw mode. */
const CTRL_Z = "\x1a";

const { Deno: deno } = globalThis as { Deno?: { noColor: boolean } };

/** This process's standard streams. */
export function openTerminal(): Terminal {
  const ended = new AbortController();
  const { stdin, stdout, stderr } = process;
  const end = () => ended.abort();
  const failed = (error: NodeJS.ErrnoException) => {
    if (ended.signal.aborted) return;
    end();
    // Whoever reads may have had enough, as head(1) has.
    if (error.code === "EPIPE") return;
    exitWith(1);
    writeTo(stderr, `memctl: cannot write to standard output: ${error.message}\n`);
  };
  stdout.on("error", failed);
  // There is no further place to report that standard error cannot be written.
  stderr.on("error", () => {});
  const stops = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
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
    write: (text) => writeTo(stdout, text, failed),
    writeError: (text) => writeTo(stderr, text),
    takeOver({ onKey, onResize, onEnter, onLeave }) {
      const raw = stdin.isTTY === true;
      const onData = (data: Uint8Array | string) => {
        for (const key of String(data)) {
          if (key === CTRL_C) end();
          else if (key === CTRL_Z) suspend();
          else onKey(key);
        }
      };
      const enter = () => {
        if (raw) stdin.setRawMode(true);
        onEnter();
      };
      const leave = () => {
        if (raw) stdin.setRawMode(false);
        onLeave();
      };
      const suspends = mayStopItself();
      const suspend = () => {
        if (!suspends) return;
        leave();
        process.kill(process.pid, "SIGSTOP");
      };
      if (raw) {
        // The terminal may be gone.
        stdin.on("error", end);
        stdin.on("data", onData);
        stdin.resume();
      }
      stdout.on("resize", onResize);
      if (suspends) process.on("SIGTSTP", suspend).on("SIGCONT", enter);
      onUncaughtEnd("on", leave);
      enter();
      return () => {
        onUncaughtEnd("off", leave);
        if (suspends) process.off("SIGTSTP", suspend).off("SIGCONT", enter);
        stdout.off("resize", onResize);
        leave();
        if (!raw) return;
        stdin.off("data", onData);
        stdin.pause();
      };
    },
    untilStopped(run) {
      for (const signal of stops) process.on(signal, end);
      return run().finally(() => {
        for (const signal of stops) process.off(signal, end);
      });
    },
    async readText(path) {
      if (path === "-") return await textOf(stdin);
      requirePermission("read", path);
      return fs.readFileSync(path, "utf8");
    },
    writeText(path, text) {
      requirePermission("write", path);
      fs.writeFileSync(path, text);
    },
  };
}

/**
 * Adds or removes a listener for an end by an error that nobody catches. Node
 * and Bun then emit "exit"; Deno only dispatches events to the global object.
 */
function onUncaughtEnd(change: "on" | "off", listener: () => void): void {
  process[change]("exit", listener);
  if (deno === undefined) return;
  const method = change === "on" ? "addEventListener" : "removeEventListener";
  for (const type of ["error", "unhandledrejection"]) globalThis[method](type, listener);
}

/** Writes; in Deno an error is thrown, elsewhere it is an event of the stream. */
function writeTo(
  stream: NodeJS.WriteStream,
  text: string,
  failed: (error: Error) => void = () => {},
): void {
  try {
    stream.write(text);
  } catch (error) {
    failed(error as Error);
  }
}

/** All that a stream holds. A pipe is not readable at once in Node: EAGAIN. */
async function textOf(stream: NodeJS.ReadStream): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Whether it can suspend itself; Deno wants the permission to run programs for that. */
function mayStopItself(): boolean {
  return process.platform !== "win32" && isPermitted({ name: "run" });
}

/** Whether NO_COLOR is set; Deno tells without a permission for the environment. */
function noColor(): boolean {
  return deno === undefined ? Boolean(process.env.NO_COLOR) : deno.noColor;
}

/** The arguments of the command line, without the program's own. */
export function programArguments(): string[] {
  return process.argv.slice(2);
}

/**
 * Sets the exit code, unless output has failed already, and lets what is still
 * being written be written.
 */
export function exitWith(code: number): void {
  process.exitCode ||= code;
}
