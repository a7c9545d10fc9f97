import type { FileIo } from "../../platform/file_io.ts";

/** Files that are only a map, for trying thousands of trees. */
export class MemoryIo implements FileIo {
  readonly files: Map<string, Uint8Array>;
  transient: boolean = false;
  /** How many files may be open at once. */
  descriptors: number = Infinity;
  /** For a path, the code that opening it fails with. */
  readonly failures: Map<string, string> = new Map();
  /** Each call that would have touched a file, but for close(). */
  readonly calls: string[] = [];
  readonly #open = new Map<number, string>();
  #next = 3;

  constructor(files: Record<string, string | Uint8Array>) {
    const encoder = new TextEncoder();
    this.files = new Map(
      Object.entries(files).map(([path, content]) => [
        `/${path}`,
        typeof content === "string" ? encoder.encode(content) : content,
      ]),
    );
  }

  /** Descriptors that were not closed. */
  get unclosed(): number {
    return this.#open.size;
  }

  open(path: string): number {
    this.calls.push(`open ${path}`);
    this.#checkOpen(path);
    this.#content(path);
    this.#open.set(this.#next, path);
    return this.#next++;
  }

  read(fd: number, into: Uint8Array): number {
    const path = this.#open.get(fd)!;
    this.calls.push(`read ${path}`);
    const content = this.#content(path);
    const part = content.subarray(0, into.length);
    into.set(part);
    return part.length;
  }

  close(fd: number): void {
    this.#open.delete(fd);
  }

  readAll(path: string): Uint8Array {
    this.calls.push(`readAll ${path}`);
    this.#checkOpen(path);
    return this.#content(path);
  }

  exists(path: string): boolean {
    this.calls.push(`exists ${path}`);
    if (this.files.has(path)) return true;
    for (const file of this.files.keys()) if (file.startsWith(`${path}/`)) return true;
    return false;
  }

  #checkOpen(path: string): void {
    const code = this.unclosed < this.descriptors ? this.failures.get(path) : "EMFILE";
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  }

  #content(path: string): Uint8Array {
    const content = this.files.get(path);
    if (content === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: "ENOENT" });
    return content;
  }
}
