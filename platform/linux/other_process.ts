// Another process than this: whether it is there, and still the same one.

import { ProcessError } from "../../src/errors.ts";
import { describeError, errorCode, type FileIo } from "../file_io.ts";
import { hasEnded, parsePidStat, parseThreadGroup, type ProcessStat } from "./proc_pid_stat.ts";

/** One process, from the moment that it was found. */
export class OtherProcess {
  readonly pid: number;
  /** Tells it from a later process with the same id. */
  readonly startTime: string;
  readonly #base: string;
  readonly #io: FileIo;

  /**
   * Finds the process.
   *
   * @param base The folder that holds `proc`, without a slash at its end.
   * @throws {ProcessError} If there is none, or if it cannot be read.
   * @throws {RangeError} If the id is that of a thread or of the kernel.
   */
  constructor(base: string, pid: number, io: FileIo) {
    this.#base = base;
    this.#io = io;
    this.pid = pid;
    const stat = this.#find();
    if (stat.isKernelThread) {
      throw new RangeError(
        `'pid' must be that of a process with memory of its own: ${pid} is a thread of the kernel`,
      );
    }
    const group = parseThreadGroup(this.#read("status"));
    if (group !== undefined && group !== pid) {
      throw new RangeError(
        `'pid' must be that of a process: ${pid} is a thread of process ${group}`,
      );
    }
    this.startTime = stat.startTime;
  }

  /**
   * Throws a {@linkcode ProcessError} if it has ended. Call it after reading, so
   * that what was read is of this process.
   */
  check(): void {
    let text: string;
    try {
      text = this.#read("stat");
    } catch (error) {
      if ((error as ProcessError).reason === "missing") throw this.#ended();
      // A shortage of descriptors, for example, does not tell that it has ended.
      return;
    }
    const stat = parsePidStat(text);
    if (stat === undefined) return;
    if (hasEnded(stat) || stat.startTime !== this.startTime) throw this.#ended();
  }

  #find(): ProcessStat {
    const stat = parsePidStat(this.#read("stat"));
    if (stat === undefined) throw this.#unreadable(`${this.#pathOf("stat")} is malformed`);
    if (hasEnded(stat)) throw this.#ended();
    return stat;
  }

  #read(name: string): string {
    const path = this.#pathOf(name);
    try {
      return new TextDecoder().decode(this.#io.readAll(path));
    } catch (error) {
      const code = errorCode(error);
      if (code !== "ENOENT" && code !== "ESRCH") {
        throw this.#unreadable(describeError(error, path), { cause: error });
      }
      const message = `there is no process ${this.pid} that this user may see: ` +
        `${path} does not exist`;
      throw new ProcessError(message, this.pid, "missing");
    }
  }

  #pathOf(name: string): string {
    return `${this.#base}/proc/${this.pid}/${name}`;
  }

  #ended(): ProcessError {
    return new ProcessError(`process ${this.pid} has ended`, this.pid, "ended");
  }

  #unreadable(why: string, options?: ErrorOptions): ProcessError {
    const message = `process ${this.pid} cannot be read: ${why}`;
    return new ProcessError(message, this.pid, "unreadable", options);
  }
}
