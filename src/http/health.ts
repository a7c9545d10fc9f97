import type { CgroupEvents } from "../cgroup_events.ts";
import { show } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import { describeThrown } from "../thrown.ts";
import type { Estimate } from "./learned_demand.ts";
import { LoadShedder } from "./load_shedder.ts";
import type { RequestLike } from "./options.ts";

/**
 * Whether this process should get requests, and why. All sizes are bytes.
 * Unavailable values are absent.
 *
 * @since 0.1.0
 */
export interface HealthReport {
  /**
   * `"pass"`: ready. `"warn"`: a level is entered, but requests are admitted, at least as a trial;
   * or sampling fails, and all are. `"fail"`: no request would be admitted now.
   */
  readonly status: "pass" | "warn" | "fail";
  /** The level of shortage. */
  readonly level: string;
  /** Requests in flight. */
  readonly inFlight: number;
  /** Headroom in bytes. */
  readonly headroom?: number;
  /** The container's limit; absent without one. */
  readonly limit?: number;
  /** Bytes charged to the container. */
  readonly usage?: number;
  /** Resident set of this process. */
  readonly rss?: number;
  /** The kernel's event counters of the cgroup; absent where there are none. */
  readonly events?: Omit<CgroupEvents, "folder">;
  /** When memory was sampled, in the format of ISO 8601. */
  readonly time?: string;
  /** What the shedder has learned about requests; absent before it has. */
  readonly estimate?: Estimate;
  /** The error of sampling if it fails now, or the latest error of a hook or a forced garbage collection. */
  readonly error?: string;
}

/**
 * Makes a readiness check: a handler that answers 200 while requests are admitted and 503
 * while none are, with a {@linkcode HealthReport} as JSON.
 *
 * ```ts
 * import { health, LoadShedder } from "@x/memctl/http";
 * import assert from "node:assert/strict";
 *
 * const shedder = new LoadShedder({ headroom: "1%" });
 * const ready = health(shedder);
 * const response = ready();
 * assert.equal(response.status, 200);
 * console.log(await response.json()); // { status: "pass", level: "normal", … }
 * shedder.close();
 * ```
 *
 * A process that gets no requests because it is not ready must become ready by
 * itself. So this check forces a garbage collection before it fails, and it
 * passes when a trial is due: an idle process whose options allow trials
 * fails for a second at most.
 *
 * Put its path among the shedder's `exempt`, and do not make it a liveness
 * check: killing a process that is short of memory is what you want to avoid.
 *
 * @param shedder The shedder whose state it reports.
 * @returns A handler that takes any request, or none.
 * @throws {TypeError} If `shedder` is not a {@linkcode LoadShedder}.
 * @since 0.1.0
 */
export function health<R extends RequestLike>(
  shedder: LoadShedder<R>,
): (request?: unknown) => Response {
  checkShedder(shedder);
  return () => {
    const report = healthReport(shedder);
    return new Response(JSON.stringify(report), {
      status: report.status === "fail" ? 503 : 200,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  };
}

/**
 * Returns the report of a readiness check, for servers with their own interfaces.
 *
 * ```ts
 * import { healthReport, LoadShedder } from "@x/memctl/http";
 *
 * const shedder = new LoadShedder();
 * const report = healthReport(shedder);
 * console.log(report.status === "fail" ? 503 : 200, report.headroom);
 * shedder.close();
 * ```
 *
 * @param shedder The shedder whose state it reports.
 * @returns The report, by a sample of at most its `maxAge`.
 * @throws {TypeError} If `shedder` is not a {@linkcode LoadShedder}.
 * @since 0.1.0
 */
export function healthReport<R extends RequestLike>(shedder: LoadShedder<R>): HealthReport {
  checkShedder(shedder);
  const info = shedder.refresh();
  const json = info?.toJSON();
  const events = info && shedder.cgroupEvents();
  const { level, inFlight, error, estimate } = shedder;
  return {
    status: statusOf(shedder, info),
    level,
    inFlight,
    ...(json?.headroom !== undefined && { headroom: json.headroom }),
    ...(json?.cgroupLimit && { limit: json.cgroupLimit }),
    ...(json?.cgroupCurrent !== undefined && { usage: json.cgroupCurrent }),
    ...(json?.processRss !== undefined && { rss: json.processRss }),
    ...(events !== undefined && { events: countsOf(events) }),
    ...(json && { time: new Date(json.at).toISOString() }),
    ...(estimate?.kinds.length && { estimate }),
    ...(error !== undefined && { error: describeThrown(error) }),
  };
}

/** The path of the cgroup is nothing for the clients of a health check. */
function countsOf({ high, max, oom, oomKill }: CgroupEvents): Omit<CgroupEvents, "folder"> {
  return { high, max, oom, oomKill };
}

function statusOf<R extends RequestLike>(
  shedder: LoadShedder<R>,
  info: MemInfo | undefined,
): HealthReport["status"] {
  if (shedder.rejectsAll) return "fail";
  const failing = info === undefined && shedder.error !== undefined;
  const short = shedder.level !== "normal" || shedder.closedBy !== undefined;
  return short || failing ? "warn" : "pass";
}

function checkShedder(value: unknown): void {
  if (value instanceof LoadShedder) return;
  throw new TypeError(`'shedder' must be a LoadShedder: current value is ${show(value)}`);
}
