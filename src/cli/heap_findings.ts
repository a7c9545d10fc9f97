// Whether the heap fits the memory limit, and which settings make it fit.

import { formatBytes, MiB } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import { limitOf } from "../limit_of.ts";
import { plan, type RuntimePlan } from "../plan/plan.ts";
import type { Environment } from "../plan/setting.ts";
import type { Signals } from "../sampler.ts";
import type { Finding, RuntimeName } from "./findings.ts";

/** Whose memory is looked over. */
export interface Subject {
  /** `undefined`: another process, of which it is not known. */
  readonly runtime: RuntimeName | undefined;
  /** The variables that it was started with, as far as they are known. */
  readonly environment: Environment;
  /** Bytes of its resident set that no file backs; `undefined`: unknown. */
  readonly anonymous?: number | undefined;
}

/** Bytes that V8's limit may be above the plan, because V8 rounds it. */
const TOLERANCE = 8 * MiB;

const NAMES: Record<RuntimeName, string> = { deno: "Deno", bun: "Bun", node: "Node" };
const SET = 'Set these variables before it starts, as "memctl exec -- COMMAND" does';
const COLLECT = "Or collect in time, with watchdog() of @x/memctl/watchdog";

/** Compares the heap's limit with the plan for the memory limit. */
export function heapFindings(
  info: MemInfo,
  signals: Signals,
  { runtime, environment }: Subject,
): Finding[] {
  const { bytes: limit } = limitOf(info, signals);
  if (limit === Infinity || runtime === undefined) return [];
  let planned: RuntimePlan;
  try {
    planned = plan(limit, { runtime, environment }).runtimes[runtime]!;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{
      id: "limit-too-small",
      severity: "problem",
      message: error.message.replace("'limit'", "the limit"),
      advice: "raise the limit",
    }];
  }
  if (isOutside(signals)) return [fromOutside(runtime, planned)];
  return runtime === "bun" ? ofBun(planned) : ofV8(info.heapLimit, limit, runtime, planned);
}

function ofBun(planned: RuntimePlan): Finding[] {
  // A setting of the user's, or the plan's own, is not argued with.
  const isSet = planned.kept.some(({ name, value }) =>
    name === "BUN_JSC_forceRAMSize" || value === "--smol"
  );
  if (isSet) return [];
  return [{
    id: "no-heap-limit",
    severity: "advice",
    message: "Bun sets no limit to the heap, so garbage can fill the container",
    ...settingsOf(planned, true),
  }];
}

function ofV8(
  heapLimit: number | undefined,
  limit: number,
  runtime: RuntimeName,
  planned: RuntimePlan,
): Finding[] {
  const { heap, young } = planned;
  if (heapLimit === undefined || heapLimit <= heap + young + TOLERANCE) return [];
  const isAbove = heapLimit > limit;
  return [{
    id: isAbove ? "heap-above-container" : "heap-above-plan",
    severity: isAbove ? "problem" : "advice",
    message: `V8 lets the heap of ${NAMES[runtime]} grow to ${formatBytes(heapLimit)}. ` +
      `${formatBytes(heap + young)} of the container's ${formatBytes(limit)} are left for it`,
    ...settingsOf(planned, true),
  }];
}

function fromOutside(runtime: RuntimeName, planned: RuntimePlan): Finding {
  return {
    id: "heap-from-outside",
    severity: "note",
    message: `whether the heap of ${NAMES[runtime]} fits the limit cannot be seen from outside: ` +
      `${formatBytes(planned.heap + planned.young)} would`,
    ...settingsOf(planned, false),
  };
}

/** @param isHere Whether it is this process, in which a watchdog can be started too. */
function settingsOf(
  { environment, kept }: RuntimePlan,
  isHere: boolean,
): Pick<Finding, "advice" | "settings"> {
  const mine = kept.map(({ name, value }) => `${name}: ${value}`).join(", ");
  const sentences = [
    ...(environment.length === 0 ? [] : [SET]),
    ...(mine === "" ? [] : [`What is set already is kept (${mine})`]),
    ...(isHere ? [COLLECT] : []),
  ];
  return {
    advice: sentences.join(". "),
    ...(environment.length > 0 && { settings: environment }),
  };
}

function isOutside({ heapLimit }: Signals): boolean {
  return heapLimit.reason?.includes("another process") === true;
}
