import { formatBytes } from "../bytes.ts";
import { readRecord } from "../recorder/read.ts";
import type { FlightRecord, RecordedRun, RecordedSample } from "../recorder/run.ts";
import type { Terminal } from "../terminal.ts";
import { chartSvg } from "./chart_svg.ts";
import type { Flags } from "./flags.ts";
import { numberOf } from "./numbers.ts";
import { reportChart } from "./report_chart.ts";
import { UsageError } from "./usage_error.ts";

const WHOLE = { least: 1, most: Infinity, whole: true };
const PIXELS = { width: 900, height: 420 };
/** Events that are listed. */
const LISTED = 10;

/** What each kind of end is called. */
const TITLES: Record<RecordedRun["end"]["kind"], string> = {
  running: "running",
  clean: "clean exit",
  exit: "exit",
  exception: "uncaught error",
  "oom-kill": "OOM kill",
  "heap-limit": "heap limit",
  unknown: "unknown",
};

/** `memctl report FILE`: exit code 1 if a file cannot be read or written. */
export function reportCommand(flags: Flags, terminal: Terminal): number {
  const wanted = flags.run === undefined ? undefined : numberOf("run", flags.run, 1, WHOLE);
  let record: FlightRecord;
  try {
    record = readRecord(flags.file!);
  } catch (error) {
    terminal.writeError(`memctl: ${(error as Error).message}\n`);
    return 1;
  }
  const run = runOf(record, wanted);
  if (flags.output !== undefined && !writeChart(run, flags.output, terminal)) return 1;
  terminal.write(
    flags.json
      ? `${JSON.stringify({ ...run, damaged: record.damaged, runs: summaries(record) })}\n`
      : `${text(record, run, flags.file!, terminal).join("\n")}\n`,
  );
  return 0;
}

/** The run that was asked for. By default the latest that has ended, or else the one that runs. */
function runOf({ runs, latest }: FlightRecord, wanted: number | undefined): RecordedRun {
  if (wanted !== undefined) {
    const run = runs.find(({ run }) => run === wanted);
    if (run !== undefined) return run;
    throw new UsageError(
      `--run must be one of ${runs.map(({ run }) => run).join(", ")}: current value is ${wanted}`,
    );
  }
  return runs.findLast(({ end }) => end.kind !== "running") ?? latest;
}

function writeChart({ samples }: RecordedRun, file: string, terminal: Terminal): boolean {
  try {
    if (samples.length === 0) throw new Error("the run has no samples");
    const points = samples.map((sample) => ({
      ...sample,
      cgroupLimit: sample.cgroupLimit === Infinity ? undefined : sample.cgroupLimit,
    }));
    terminal.writeText(file, chartSvg(points, PIXELS));
    return true;
  } catch (error) {
    terminal.writeError(`memctl: cannot write ${file}: ${(error as Error).message}\n`);
    return false;
  }
}

/** What JSON says of the other runs: the samples would be too many. */
function summaries({ runs }: FlightRecord): unknown[] {
  return runs.map(({ run, startedAt, end }) => ({ run, startedAt, end }));
}

function text(
  { runs, damaged }: FlightRecord,
  run: RecordedRun,
  file: string,
  { columns }: Terminal,
): string[] {
  const { end, samples, events, runtime, pid } = run;
  const last = samples.at(-1);
  const lines = [
    `${file}: run ${run.run}` +
    (runtime === undefined ? "" : `, ${runtime.name} ${runtime.version}, pid ${pid}`),
    "",
    `end       ${TITLES[end.kind]}${end.inferred ? " (inferred)" : ""}`,
    `because   ${end.reason}`,
  ];
  if (end.error !== undefined) lines.push(`error     ${printable(end.error)}`);
  lines.push(`time      ${span(run)}`);
  if (last !== undefined) lines.push(`last      ${figures(last)}`, ...kernel(samples));
  if (samples.length > 0) lines.push("", ...reportChart(samples, columns));
  if (events.length > 0) {
    lines.push(
      "",
      ...events.slice(-LISTED).map((event) => {
        const details = printable(event.text) || (event.code === undefined ? "" : `${event.code}`);
        return `${time(event.at)}  ${event.kind} ${details}`.trimEnd();
      }),
    );
  }
  const others = runs.filter((other) => other !== run);
  if (others.length > 0) {
    lines.push("", "other runs:");
    for (const { run, startedAt, end } of others.slice(-LISTED)) {
      const from = startedAt === undefined ? "" : `${time(startedAt)} to `;
      const title = `${TITLES[end.kind]}${end.inferred ? " (inferred)" : ""}`;
      lines.push(`${String(run).padStart(5)}  ${from}${time(end.at)}  ${title}`);
    }
  }
  if (damaged > 0) lines.push("", `${damaged} incomplete records were left out`);
  return lines;
}

function span({ startedAt, end, samples }: RecordedRun): string {
  const from = startedAt ?? samples[0]?.at ?? end.at;
  const seconds = Math.max(0, Math.round((end.at - from) / 1000));
  return `${time(from)} to ${time(end.at)} (${duration(seconds)}), ${samples.length} samples`;
}

function figures({ headroom, processRss, heapUsed }: RecordedSample): string {
  const parts = Object.entries({ headroom, rss: processRss, heap: heapUsed });
  return parts.filter(([, bytes]) => bytes !== undefined)
    .map(([name, bytes]) => `${name}=${formatBytes(bytes!)}`).join(" ");
}

/** The kernel's counters, and how far they rose during the samples. */
function kernel(samples: readonly RecordedSample[]): string[] {
  const parts = (["high", "max", "oom", "oomKill"] as const).flatMap((name) => {
    const last = samples.at(-1)![name];
    if (last === undefined) return [];
    const first = samples.find((sample) => sample[name] !== undefined)![name]!;
    const kernelName = name === "oomKill" ? "oom_kill" : name;
    return [`${kernelName}=${last}${last > first ? ` (+${last - first})` : ""}`];
  });
  return parts.length === 0 ? [] : [`kernel    ${parts.join(" ")}`];
}

function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function time(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "an unknown time" : `${date.toISOString().slice(0, 19)}Z`;
}

/** Without control characters, which could drive the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}
