import { main } from "../../src/cli/main.ts";
import type { TakeOver, Terminal } from "../../src/terminal.ts";

/** A terminal that remembers what is written. */
export class FakeTerminal implements Terminal {
  output = "";
  errors = "";
  isTerminal = false;
  colors = false;
  columns = 80;
  rows = 24;
  files: Record<string, string> = {};
  /** What the command listens with while it has taken over. */
  on: TakeOver | undefined;
  /** Called after each write. */
  written: () => void = () => {};
  readonly #end = new AbortController();

  get ended(): AbortSignal {
    return this.#end.signal;
  }
  end(): void {
    this.#end.abort();
  }
  write(text: string): void {
    this.output += text;
    this.written();
  }
  writeError(text: string): void {
    this.errors += text;
  }
  takeOver(on: TakeOver): () => void {
    this.on = on;
    on.onEnter();
    return () => {
      this.on = undefined;
      on.onLeave();
    };
  }
  untilStopped<T>(run: () => Promise<T>): Promise<T> {
    return run();
  }
  readText(file: string): Promise<string> {
    const text = this.files[file];
    if (text !== undefined) return Promise.resolve(text);
    return Promise.reject(Object.assign(new Error(`no ${file}`), { code: "ENOENT" }));
  }
  writeText(file: string, text: string): void {
    if (file.startsWith("/proc")) throw new Error("read-only");
    this.files[file] = text;
  }
}

/** Runs a command line; gives its exit code and what the terminal remembers. */
export async function runCommand(
  args: string[],
  terminal: FakeTerminal = new FakeTerminal(),
): Promise<FakeTerminal & { code: number }> {
  return Object.assign(terminal, { code: await main(args, terminal) });
}
