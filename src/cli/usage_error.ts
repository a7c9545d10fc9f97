/** The command line is not one that can be carried out. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
