import {
  LoadShedder,
  type MemInfoInit,
  type Pass,
  type Rejection,
  type RequestLike,
  type ShedRules,
} from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler, type ScenarioStep } from "../../testing.ts";

export const LIMIT: { cgroupLimit: number } = { cgroupLimit: 500 * MiB };

/** Memory with this much headroom. */
export function left(mebibytes: number): MemInfoInit {
  return { cgroupCurrent: (500 - mebibytes) * MiB };
}

/** A shedder on a manual clock; the scenario is headroom in MiB by time. */
export function scripted(
  scenario: Record<number, number>,
  options: ShedRules<RequestLike> = {},
): { clock: ManualClock; sampler: ScenarioSampler; shedder: LoadShedder<RequestLike> } {
  const clock = new ManualClock();
  const moments: ScenarioStep[] = Object.entries(scenario).map(([at, headroom]) => ({
    ...LIMIT,
    ...left(headroom),
    at: Number(at),
  }));
  const sampler = new ScenarioSampler(clock, moments);
  const shedder = new LoadShedder<RequestLike>({ sampler, clock, collect: false, ...options });
  return { clock, sampler, shedder };
}

/** A sampler whose memory a test sets at any time. A process of 50 MiB, and this much headroom. */
export function settable(headroom: number): {
  clock: ManualClock;
  memory: MemInfoInit;
  sampler: ScenarioSampler;
} {
  const clock = new ManualClock();
  const memory = { ...LIMIT, ...left(headroom), processRss: 50 * MiB, heapUsed: 1, heapLimit: 9 };
  const sampler = new ScenarioSampler(clock, [{ at: 0 }]);
  sampler.sample = () => new MemInfo(memory);
  return { clock, memory, sampler };
}

/** `true`, or why not. */
export function outcome(admission: Pass | Rejection): true | string {
  return admission.admitted || admission.reason;
}
