/** What a command needs of the place that it runs in. */
export interface Terminal {
  /** Aborted when the reader of the output is gone, or the user wants an end. */
  readonly ended: AbortSignal;
  /** Whether a person sees the output. */
  readonly isTerminal: boolean;
  /** Whether that person wants colours. */
  readonly colors: boolean;
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
  writeError(text: string): void;
  /**
   * Reports keys and new sizes until the returned function is called. Enters at
   * once and leaves at the end, also when the process ends by an error, and
   * around the time for which it is suspended.
   */
  takeOver(on: TakeOver): () => void;
  /** Runs until it ends by itself or, once `ended` is aborted, by a signal. */
  untilStopped<T>(run: () => Promise<T>): Promise<T>;
  /**
   * The text of a file; `-`: of standard input. Rejects as `node:fs` throws, and
   * without asking the user where Deno's sandbox does not permit it.
   */
  readText(path: string): Promise<string>;
  /** Writes a file; throws as `readText` rejects. */
  writeText(path: string, text: string): void;
}

/** What is called while a program has the terminal to itself. */
export interface TakeOver {
  onKey(key: string): void;
  onResize(): void;
  /** The screen is the program's. */
  onEnter(): void;
  /** The screen is to be given back. Twice is harmless. */
  onLeave(): void;
}
