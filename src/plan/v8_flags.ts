// V8's heap flags, which Node and Deno take in different places.

import { formatBytes, MiB } from "../bytes.ts";
import { kept, type Setting, type Sizes } from "./setting.ts";

/** What a flag sets. */
type Subject = "heap" | "semiSpace";

/** V8 takes underscores for hyphens. */
const SUBJECTS: Record<string, Subject> = {
  "--max-old-space-size": "heap",
  "--max-heap-size": "heap",
  // Node only.
  "--max-old-space-size-percentage": "heap",
  "--max-semi-space-size": "semiSpace",
  "--semi-space-growth-factor": "semiSpace",
};

/** The flags that the user has not set, and those that the user has. */
export function v8Flags(
  { heap, semiSpace }: Sizes,
  given: readonly { where: string; flags: readonly string[] }[],
): { flags: Setting[]; kept: Setting[] } {
  const own: Setting[] = [];
  const set = new Set<Subject>();
  for (const { where, flags } of given) {
    for (const flag of flags) {
      const subject = subjectOf(flag);
      if (subject === undefined) continue;
      set.add(subject);
      own.push(kept(where, flag));
    }
  }
  const flags: Setting[] = [];
  if (!set.has("heap")) {
    flags.push({
      name: "--max-old-space-size",
      value: String(Math.floor(heap / MiB)),
      reason: `V8 collects before the heap exceeds ${formatBytes(heap)}`,
    });
  }
  if (!set.has("semiSpace")) {
    flags.push({
      name: "--max-semi-space-size",
      value: String(Math.max(1, Math.floor(semiSpace / MiB))),
      reason: `V8 keeps up to three semi-spaces of ${formatBytes(semiSpace)} for new objects`,
    });
  }
  return { flags, kept: own };
}

/** A flag with its value, as V8 takes it. */
export function written({ name, value }: Setting): string {
  return `${name}=${value}`;
}

function subjectOf(flag: string): Subject | undefined {
  const name = flag.split("=")[0]!.replaceAll("_", "-");
  return Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
}
