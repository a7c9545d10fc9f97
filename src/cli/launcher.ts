import type { Environment } from "../plan/setting.ts";

/** What starting a command needs of the place that it runs in. */
export interface Launcher {
  /**
   * The environment variables of this process.
   *
   * @throws {LaunchError} If Deno's sandbox does not permit to read them.
   */
  environment(): Environment;
  /**
   * The file of a command, as a shell finds it.
   *
   * @throws {LaunchError} If there is none, or if it cannot be executed.
   */
  find(name: string): string;
  /** The first line of a file that starts with `#!`, without these; otherwise `undefined`. */
  shebang(file: string): string | undefined;
  /** Whether a file of this name is there. */
  isFile(name: string): boolean;
  /** Writes to standard output without opening it as a stream. */
  write(text: string): void;
  /** Writes to standard error in the same way. */
  writeError(text: string): void;
  /**
   * Puts a program in this process's place. It returns, and has changed nothing, where that is
   * impossible.
   */
  become(program: Started): void;
  /**
   * Runs a program as a child and forwards signals to it.
   *
   * @returns Its exit code; 128 and the number of the signal that ended it.
   */
  run(program: Started): Promise<number>;
}

/** A program to start. */
export interface Started {
  readonly file: string;
  /** The name that it is called by, and its arguments. */
  readonly words: readonly string[];
  readonly environment: Environment;
}

/** A command that cannot be started. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  /** The exit code that says so: 127, 126, or 2. */
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}
