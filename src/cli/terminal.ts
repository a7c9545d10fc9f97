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
  /** Reports keys and new sizes until the returned function is called. */
  takeOver(on: { onKey(key: string): void; onResize(): void }): () => void;
  /** Runs until it ends by itself or, once `ended` is aborted, by a signal. */
  untilStopped<T>(run: () => Promise<T>): Promise<T>;
  /** The text of a file; `-`: of standard input. Throws as `node:fs` does. */
  readText(path: string): string;
  writeText(path: string, text: string): void;
}
