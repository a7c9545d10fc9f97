import { formatBytes } from "../bytes.ts";
import { readAnonymousMemory } from "../host/returned_memory.ts";
import { openSampler } from "../host/sampling.ts";
import { type MemInfo, type MemInfoJson, SIZE_NAMES } from "../mem_info.ts";
import type { AdapterName, Signals } from "../sampler.ts";
import { type Finding, findingsOf, type RuntimeName } from "./findings.ts";
import type { Flags } from "./flags.ts";
import { surroundings } from "../host/surroundings.ts";
import { runtimeVersion } from "../host/terminal.ts";
import { recognise } from "../plan/recognise.ts";
import type { Environment } from "../plan/setting.ts";
import type { Terminal } from "../terminal.ts";
import { placeOf, withProcess } from "./place.ts";
import { quoted } from "./planned.ts";

/** What `doctor --json` prints. */
export interface Diagnosis {
  runtime: { name: RuntimeName; version: string };
  adapter: AdapterName | undefined;
  /** With --pid: the process. */
  process?: { pid: number; runtime: RuntimeName | undefined };
  info: MemInfoJson;
  signals: Signals;
  findings: Finding[];
}

/** `memctl doctor`: exit code 1 if there is something to change. */
export function doctor(flags: Flags, terminal: Terminal): Promise<number> {
  const place = placeOf(flags);
  return withProcess(terminal, async () => {
    const sampler = openSampler({ ...place, usage: "workingSet", pressure: true });
    const info = await sampler.sample();
    const { signals, adapter } = sampler;
    sampler.close();
    const runtime = runtimeVersion();
    const other = place.pid === undefined ? undefined : await otherProcess(place, terminal);
    const subject = other === undefined
      ? {
        runtime: runtime.name,
        environment: environmentOf(PLAN_VARIABLES),
        anonymous: readAnonymousMemory(),
      }
      : { runtime: other.runtime, environment: {} };
    const findings = findingsOf(info, signals, subject);
    const diagnosis: Diagnosis = {
      runtime,
      adapter,
      ...(other && { process: other }),
      info: info.toJSON(),
      signals,
      findings,
    };
    terminal.write(flags.json ? `${JSON.stringify(diagnosis)}\n` : report(diagnosis, info));
    return exitCodeOf(findings);
  });
}

/** The variables that a plan looks at; those that Deno does not permit to read are not set. */
const PLAN_VARIABLES = [
  "DENO_V8_FLAGS",
  "DENO_USE_CGROUPS",
  "BUN_JSC_forceRAMSize",
  "BUN_OPTIONS",
  "NODE_OPTIONS",
  "MALLOC_ARENA_MAX",
  "MALLOC_TRIM_THRESHOLD_",
  "GLIBC_TUNABLES",
];

function environmentOf(names: readonly string[]): Environment {
  return Object.fromEntries(names.map((name) => [name, surroundings.variable(name)]));
}

/** What its command line tells of a process. */
async function otherProcess(
  { pid, root = "/" }: { pid?: number | undefined; root?: string | undefined },
  terminal: Terminal,
): Promise<NonNullable<Diagnosis["process"]>> {
  const file = `${root.replace(/\/$/, "")}/proc/${pid}/cmdline`;
  let words: string[] = [];
  try {
    words = (await terminal.readText(file)).split("\0").filter((word) => word !== "");
  } catch {
    // It has ended, or belongs to another user: then its runtime is not known.
  }
  const { runtime } = recognise(words, { shebang: () => undefined, isFile: () => true });
  return { pid: pid!, runtime };
}

/** 1 if there is something to change. */
export function exitCodeOf(findings: readonly Finding[]): number {
  return findings.some(isChange) ? 1 : 0;
}

/** What people read. */
export function report(diagnosis: Diagnosis, info: MemInfo): string {
  const { runtime, adapter, process, signals, findings } = diagnosis;
  const rows = Object.entries(signals).map(([name, { available, source, reason, note }]) => [
    name,
    available ? valueOf(name, info) : "–",
    available ? source + (note === undefined ? "" : ` (${note})`) : reason!,
  ]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const table = rows.map(([name, value, source]) =>
    `${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${source}`
  );
  const tightest = info.tightest();
  const headroom = info.headroom();
  const changes = findings.filter(isChange).length;
  return [
    process === undefined
      ? `${runtime.name} ${runtime.version}, adapter: ${adapter}`
      : `process ${process.pid} (${process.runtime ?? "runtime unknown"}), adapter: ${adapter}`,
    "",
    ...table,
    "",
    headroom === undefined
      ? "headroom: unknown"
      : `headroom: ${formatBytes(headroom)}; nearest ceiling: ${tightest!.signal}, ` +
        `${formatBytes(tightest!.bytes)} away`,
    "",
    ...findings.flatMap(({ severity, message, advice, settings = [] }) => [
      `${severity}: ${message}`,
      ...(advice === undefined ? [] : [`    ${advice}`]),
      ...settings.flatMap(({ name, value, reason }) => [
        `      ${name}=${quoted(value)}`,
        `          ${reason}`,
      ]),
    ]),
    changes === 0 ? "nothing to change" : `${changes} thing${changes === 1 ? "" : "s"} to change`,
    "",
  ].join("\n");
}

function isChange({ severity }: Finding): boolean {
  return severity !== "note";
}

function valueOf(name: string, info: MemInfo): string {
  const signal = SIZE_NAMES.find((signal) => signal === name);
  if (signal !== undefined) {
    const bytes = info[signal];
    if (bytes === undefined) return "?";
    return bytes === Infinity ? "none" : formatBytes(bytes);
  }
  if (name === "pressure") return info.pressure ? `${info.pressure.some.avg10} %` : "?";
  return "yes";
}
