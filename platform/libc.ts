// The C library, where the runtime can call it: Deno has no execve(2), and
// Bun marks every file that it inherits as one that execve(2) closes.

import process from "node:process";

/** The calls that are used. Memory is passed as arrays that are alive until the call returns. */
export interface Libc {
  /** Puts a program in this process's place; returns if that fails. */
  execve(file: Uint8Array, words: BigUint64Array, environment: BigUint64Array): void;
  /** Gives a signal its default action. */
  resetSignal(signal: number): void;
  /** Lets a program inherit a descriptor. Linux only: elsewhere fcntl(2) is called otherwise. */
  keepOpen?(descriptor: number): void;
  /** The address of what the array holds. */
  addressOf(bytes: Uint8Array): bigint;
}

/** The command of fcntl(2) that sets the flags of a descriptor. 0 means: stays open. */
const F_SETFD = 2;
const LIBRARIES = ["libc.so.6", "libc.so", "libSystem.dylib"];

/** Opens it; `undefined`: this runtime cannot, or there is none of a known name. */
export function openLibc(): Libc | undefined {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoFfi };
  const bun = process.getBuiltinModule?.("bun:ffi") as BunFfi | undefined;
  if (deno === undefined && bun === undefined) return undefined;
  for (const name of LIBRARIES) {
    try {
      return deno === undefined ? openByBun(bun!, name) : openByDeno(deno, name);
    } catch {
      // This system calls its C library otherwise.
    }
  }
  return undefined;
}

/** The part of Deno that is used. */
interface DenoFfi {
  dlopen(file: string, symbols: Record<string, { parameters: string[]; result: string }>): {
    symbols: {
      execve(file: Uint8Array, words: BigUint64Array, environment: BigUint64Array): number;
      signal(signal: number, action: null): unknown;
    };
  };
  UnsafePointer: { of(bytes: Uint8Array): unknown; value(pointer: unknown): bigint };
}

function openByDeno({ dlopen, UnsafePointer }: DenoFfi, name: string): Libc {
  const { symbols } = dlopen(name, {
    execve: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
    signal: { parameters: ["i32", "pointer"], result: "pointer" },
  });
  return {
    execve: (file, words, environment) => void symbols.execve(file, words, environment),
    resetSignal: (signal) => void symbols.signal(signal, null),
    addressOf: (bytes) => UnsafePointer.value(UnsafePointer.of(bytes)),
  };
}

/** The part of `bun:ffi` that is used. */
interface BunFfi {
  dlopen(file: string, symbols: Record<string, { args: string[]; returns: string }>): {
    symbols: {
      execve(file: number, words: number, environment: number): number;
      signal(signal: number, action: null): unknown;
      fcntl(descriptor: number, command: number, flags: number): number;
    };
  };
  ptr(array: Uint8Array | BigUint64Array): number;
}

function openByBun({ dlopen, ptr }: BunFfi, name: string): Libc {
  const { symbols } = dlopen(name, {
    execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
    signal: { args: ["i32", "ptr"], returns: "ptr" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  });
  return {
    execve: (file, words, environment) =>
      void symbols.execve(ptr(file), ptr(words), ptr(environment)),
    resetSignal: (signal) => void symbols.signal(signal, null),
    ...(process.platform === "linux" && {
      keepOpen: (descriptor) => void symbols.fcntl(descriptor, F_SETFD, 0),
    }),
    addressOf: (bytes) => BigInt(ptr(bytes)),
  };
}
