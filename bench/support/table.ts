/** Rows as a Markdown table, the first row as its head, numbers to the right. */
export function markdown([head, ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = head!.map((_, column) => {
    const numeric = rows.every((row) => /^[-–\d.,× %]*$/.test(row[column]!));
    return numeric ? "--:" : "---";
  });
  return [line(head!), line(rule), ...rows.map(line)].join("\n");
}

/** How often each word comes, such as `killed 2×, stuck 1×`. */
export function tally(words: string[]): string {
  return [...new Set(words)]
    .map((word) => `${word} ${words.filter((other) => other === word).length}×`)
    .join(", ");
}
