// /proc/PID/stat: what tells one process from another that has the same id.

/** The fields of it that are used. */
export interface ProcessStat {
  /** One letter, such as `S` for a process that sleeps. */
  readonly state: string;
  readonly isKernelThread: boolean;
  /** When it was started, in clock ticks since the boot. Kept as text, because it is only compared. */
  readonly startTime: string;
}

const PF_KTHREAD = 0x00200000;
/** Positions behind the name. */
const STATE = 0;
const FLAGS = 6;
const START_TIME = 19;

/** Parses it; `undefined`: it was cut short. */
export function parsePidStat(text: string): ProcessStat | undefined {
  // The name stands in parentheses and may hold any character, these too.
  const fields = text.slice(text.lastIndexOf(")") + 1).trim().split(" ");
  const state = fields[STATE];
  const flags = Number(fields[FLAGS]);
  const startTime = fields[START_TIME];
  if (!state || Number.isNaN(flags) || !/^\d+$/.test(startTime ?? "")) return undefined;
  return { state, isKernelThread: (flags & PF_KTHREAD) !== 0, startTime: startTime! };
}

/** Whether the process has ended, and its parent has not asked for its exit code yet. */
export function hasEnded({ state }: ProcessStat): boolean {
  return state === "Z" || state === "X" || state === "x";
}

/** The process that a thread belongs to, by /proc/PID/status. */
export function parseThreadGroup(text: string): number | undefined {
  const group = /^Tgid:\s*(\d+)$/m.exec(text)?.[1];
  return group === undefined ? undefined : Number(group);
}
