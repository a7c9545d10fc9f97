/**
 * From a memory limit to heap sizes, a number of workers, flags and
 * environment variables, for Deno, Bun and Node.
 *
 * Engines size their heap when they start. Deno sizes it by
 * the memory of the host, Bun has no limit, and no engine takes a second process or
 * a worker into account.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { plan } from "@x/memctl/plan";
 *
 * const { deno } = plan(256 * MiB).runtimes;
 * for (const { name, value } of deno!.environment) console.log(`export ${name}='${value}'`);
 * ```
 *
 * `memctl exec -- COMMAND` of `@x/memctl/cli` starts a command with such a plan.
 *
 * @module
 */

export { type Plan, plan, type RuntimePlan } from "./src/plan/plan.ts";
export { planHere } from "./src/plan/plan_here.ts";
export type { PlannedRuntime } from "./src/plan/measured.ts";
export type { PlanOptions } from "./src/plan/options.ts";
export type { Environment, Setting } from "./src/plan/setting.ts";
// The types that these use, so that one import is enough.
export type { Share, Size } from "./src/size.ts";
