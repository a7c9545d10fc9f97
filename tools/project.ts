/** Where the sources are published. Links in published files begin with it. */
export const REPOSITORY = "https://github.com/x/memctl";

/** What the package is, in at most the 250 characters that JSR takes. */
export const DESCRIPTION: string =
  "Samples the memory of a process, its container and its host. Forces garbage collection and " +
  "sheds load before the container's memory limit leads to an OOM kill. For Deno, Bun and Node.";
