/**
 * An orderly exit before the container runs out of memory, and at SIGTERM:
 * readiness fails, requests in flight finish, files are closed, and the process
 * exits with a code of your choice. Of several processes that share a container,
 * one at a time.
 *
 * ```ts
 * import { retire } from "@x/memctl/retire";
 *
 * const retirement = retire({ exitCode: 75 });
 * const handler = retirement.handler((request: Request) =>
 *   request.url.endsWith("/readyz") ? retirement.readiness() : new Response("hello\n")
 * );
 * // retirement.add(Deno.serve(handler)), or retirement.add(Bun.serve({ fetch: handler }))
 * await handler(new Request("http://localhost/"));
 * retirement.stop(); // a service never would
 * ```
 *
 * @module
 */

export type { Closing } from "./src/retire/closing.ts";
export type { Retirement, RetirementState } from "./src/retire/handle.ts";
export type { NodeServerLike } from "./src/retire/node_server.ts";
export type {
  CollectingWatchdog,
  RetireIneffective,
  RetireLevel,
  RetireOptions,
  RetireReason,
  RetireRules,
  RetireTrend,
  Turns,
} from "./src/retire/options.ts";
export { retire } from "./src/retire/retire.ts";
export type {
  BunServerLike,
  DenoServerLike,
  FastifyLike,
  RetirableServer,
} from "./src/retire/servers.ts";
export { turnFolder, type TurnFolderOptions } from "./src/retire/turn_folder.ts";
// The types that these use, so that one import is enough.
export type { Clock } from "./src/clock.ts";
export type * from "./src/sampling_types.ts";
export type { Share, Size } from "./src/size.ts";
