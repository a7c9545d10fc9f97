/** Describes a thrown value: an error by its name and message. Never throws. */
export function describeThrown(thrown: unknown): string {
  return textOf(() => thrown);
}

/** Describes a thrown value: an error by its message alone. Never throws. */
export function messageOf(thrown: unknown): string {
  return textOf(() => thrown instanceof Error ? thrown.message : thrown);
}

function textOf(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    // The value has no usable toString(), or one of its getters throws.
    return "an object that cannot be shown";
  }
}
