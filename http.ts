/**
 * Load shedding by memory: answers requests with 503 before the container runs
 * out of memory. {@linkcode shed} wraps web-standard handlers (Deno.serve,
 * Bun.serve, Hono). Any other server asks a {@linkcode LoadShedder} about each
 * request.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import { shed } from "@x/memctl/http";
 *
 * const handler = shed(() => new Response("hello"), {
 *   // Three levels instead of one threshold: fewer at once, then only important ones.
 *   levels: {
 *     low: { enter: 128 * MiB, exit: 192 * MiB, inFlight: 50 },
 *     scarce: { enter: 64 * MiB, exit: 96 * MiB, inFlight: 20, priority: 1 },
 *     critical: { enter: 24 * MiB, exit: 48 * MiB, inFlight: 0 },
 *   },
 *   priority: (request) => request.headers.has("authorization") ? 1 : 0,
 *   exempt: ["/healthz"],
 *   onRejected: (request, reason) => console.warn(request.url, reason),
 * });
 * // Deno.serve(handler);
 * await handler(new Request("http://localhost/"));
 * ```
 *
 * @module
 */

export { health, type HealthReport, healthReport } from "./src/http/health.ts";
export type { Estimate, KindEstimate } from "./src/http/learned_demand.ts";
export { LoadShedder, type Pass } from "./src/http/load_shedder.ts";
export type {
  RejectionReason,
  RequestCost,
  RequestLike,
  ShedLevel,
  ShedOptions,
  ShedRules,
} from "./src/http/options.ts";
export { type ClosableLike, releaseWith, type SocketRequestLike } from "./src/http/release_with.ts";
export type { ProblemDetails, Rejection } from "./src/http/rejection.ts";
export {
  type Handler,
  type RespondOptions,
  shed,
  type ShedHandler,
  type ShedHandlerOptions,
} from "./src/http/shed.ts";
// The types that these use, so that one import is enough.
export type { CgroupEvents } from "./src/cgroup_events.ts";
export type { Clock } from "./src/clock.ts";
export type { LevelThresholds } from "./src/policy/level_thresholds.ts";
export type * from "./src/sampling_types.ts";
export type { Share, Size } from "./src/size.ts";
