/** How many tests did what. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The closing counts that Deno, Bun or Node print. */
export function countTests(output: string): Counts {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const deno = /^(?:ok|FAILED) \| (.*)$/m.exec(output)?.[1];
  if (deno !== undefined) {
    // Deno counts what describe() holds as steps.
    const of = (word: string) => {
      const match = new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`).exec(deno);
      return Number(match?.[2] ?? match?.[1] ?? 0);
    };
    return { passed: of("passed"), failed: of("failed"), skipped: of("ignored") };
  }
  return {
    passed: number(/^ℹ pass (\d+)$/m) || number(/^\s*(\d+) pass$/m),
    failed: number(/^ℹ fail (\d+)$/m) || number(/^\s*(\d+) fail$/m),
    skipped: number(/^ℹ skipped (\d+)$/m) || number(/^\s*(\d+) skip$/m),
  };
}

/** `3 passed, 0 failed`, and what was skipped if anything was. */
export function counted({ passed, failed, skipped }: Counts): string {
  const text = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? text : `${text}, ${skipped} skipped`;
}
