// Reads the text format that Prometheus scrapes, and accepts nothing else.

/** One metric of a scrape. */
export interface Family {
  help: string;
  type: string;
  /** Values by their labels as text, such as `{kind="some"}`; "" without labels. */
  series: Record<string, number>;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (\\S+)$`);

/** The metrics by name. Throws at the first line that is malformed or out of place. */
export function parseExposition(text: string): Record<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families: Record<string, Family> = {};
  let name = "";
  for (const line of text.split("\n")) {
    const [, keyword, of, rest] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`).exec(line) ?? [];
    const [, sampled, labels = "", value] = SAMPLE.exec(line) ?? [];
    if (line === "") continue;
    else if (keyword === "HELP" && families[of!] === undefined) {
      name = of!;
      families[name] = { help: rest!, type: "", series: {} };
    } else if (keyword === "TYPE" && of === name && families[name]!.type === "") {
      families[name]!.type = rest!;
    } else if (sampled === name && families[name]!.series[labels] === undefined) {
      families[name]!.series[labels] = numberOf(value!);
    } else throw new Error(`malformed, twice or out of place: ${line}`);
  }
  return families;
}

/** Prometheus takes any case of "nan"; prom-client writes "Nan". */
function numberOf(text: string): number {
  if (/^nan$/i.test(text)) return NaN;
  const value = { "+Inf": Infinity, "-Inf": -Infinity }[text] ?? Number(text);
  if (Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return value;
}
