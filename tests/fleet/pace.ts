// The files that users deploy, with a clock that runs faster: every duration in
// them divided by one number. At a pace of 1 they are the files themselves.

/** The rules, and what was found in them to divide. */
export interface Hurried {
  rules: string;
  durations: number;
}

/** The rules for Prometheus, so many times faster. */
export function hurryRules(rules: string, pace: number): Hurried {
  let durations = 0;
  const divide = (before: string, value: string, after: string) => {
    durations++;
    return before + Math.round(Number(value) / pace) + after;
  };
  const text = rules
    // The seconds that are left until the memory is exhausted.
    .replace(/(:seconds < )(\d+)()/g, (_, before, value, after) => divide(before, value, after))
    .replace(
      /(\[|offset |for: )(\d+)(m)\b/g,
      (_, before, value) => divide(before, String(Number(value) * 60_000), "ms"),
    );
  return { rules: text, durations };
}

/** The routes of Alertmanager, so many times faster. */
export function hurryRoutes(routes: string, pace: number): string {
  return routes.replace(
    /^( *group_(?:wait|interval): )(\d+)([sm])$/gm,
    (_, before, value, unit) =>
      `${before}${Number(value) * (unit === "m" ? 60_000 : 1_000) / pace}ms`,
  );
}
