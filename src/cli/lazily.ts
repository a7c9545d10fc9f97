/**
 * An object that is opened when it is first used. To open standard output
 * makes a pipe non-blocking, and a command that `exec` starts would find it so.
 */
export function lazily<T extends object>(open: () => T): T {
  let opened: T | undefined;
  return new Proxy({} as T, {
    get: (_target, name) => Reflect.get(opened ??= open(), name),
  });
}
