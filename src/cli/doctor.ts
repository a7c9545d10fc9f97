import { formatBytes } from "../bytes.ts";
import { readAnonymousMemory } from "../host/returned_memory.ts";
import { openSampler } from "../host/sampling.ts";
import { type MemInfo, type MemInfoJson, SIZE_NAMES } from "../mem_info.ts";
import type { AdapterName, Signals } from "../sampler.ts";
import { type Finding, findingsOf, type RuntimeName } from "./findings.ts";
import type { Flags } from "./flags.ts";
import { runtimeVersion } from "../host/terminal.ts";
import type { Terminal } from "../terminal.ts";

/** What `doctor --json` prints. */
export interface Diagnosis {
  runtime: { name: RuntimeName; version: string };
  adapter: AdapterName | undefined;
  info: MemInfoJson;
  signals: Signals;
  findings: Finding[];
}

/** `memctl doctor`: exit code 1 if there is something to change. */
export async function doctor({ json }: Flags, terminal: Terminal): Promise<number> {
  const sampler = openSampler({ usage: "workingSet", pressure: true });
  const info = await sampler.sample();
  const { signals, adapter } = sampler;
  sampler.close();
  const runtime = runtimeVersion();
  const findings = findingsOf(info, signals, runtime.name, readAnonymousMemory());
  const diagnosis: Diagnosis = { runtime, adapter, info: info.toJSON(), signals, findings };
  terminal.write(json ? `${JSON.stringify(diagnosis)}\n` : report(diagnosis, info));
  return exitCodeOf(findings);
}

/** 1 if there is something to change. */
export function exitCodeOf(findings: readonly Finding[]): number {
  return findings.some(isChange) ? 1 : 0;
}

/** What people read. */
export function report({ runtime, adapter, signals, findings }: Diagnosis, info: MemInfo): string {
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
    `${runtime.name} ${runtime.version}, adapter: ${adapter}`,
    "",
    ...table,
    "",
    headroom === undefined
      ? "headroom: unknown"
      : `headroom: ${formatBytes(headroom)}; nearest ceiling: ${tightest!.signal}, ` +
        `${formatBytes(tightest!.bytes)} away`,
    "",
    ...findings.flatMap(({ severity, message, advice }) => [
      `${severity}: ${message}`,
      ...(advice === undefined ? [] : [`    ${advice}`]),
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
