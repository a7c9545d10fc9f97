/** The same options by getters of the prototype, and how often each was read. */
export function counted<Options extends object>(
  options: Options,
): { options: Options; reads: Map<string, number> } {
  const reads = new Map<string, number>();
  const prototype = {};
  for (const [name, value] of Object.entries(options)) {
    reads.set(name, 0);
    Object.defineProperty(prototype, name, {
      get() {
        reads.set(name, reads.get(name)! + 1);
        return value;
      },
    });
  }
  return { options: Object.create(prototype), reads };
}
