/** What the automatic start needs of the place that it runs in. */
export interface Surroundings {
  readonly isMainThread: boolean;
  /** An environment variable; `undefined`: it is not set, or Deno does not permit to read it. */
  variable(name: string): string | undefined;
  /** Writes to standard error. It does not throw, and does not wait for the reader. */
  writeError(text: string): void;
}
