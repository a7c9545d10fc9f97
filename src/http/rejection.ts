import type { RejectionReason } from "./options.ts";

/**
 * The body of a rejection, by RFC 9457 (`application/problem+json`).
 *
 * @since 0.1.0
 */
export interface ProblemDetails {
  /** `"about:blank"`, because the status has all information. */
  readonly type: string;
  /** The name of the status. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What happened, for a person to read. */
  readonly detail: string;
}

/**
 * A request is rejected. Answer it with this status, these headers and this body,
 * and do not read the body of the request.
 *
 * @since 0.1.0
 */
export interface Rejection {
  /** The request is rejected. */
  readonly admitted: false;
  /** Why the request is rejected. */
  readonly reason: RejectionReason;
  /** The HTTP status: 503. */
  readonly status: number;
  /** The headers `content-type`, `retry-after` in seconds, and `cache-control`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, to be sent as JSON. */
  readonly body: ProblemDetails;
}

/** The rejection for this reason, with the time to wait in seconds. */
export function renderRejection(reason: RejectionReason, seconds: number): Rejection {
  return {
    admitted: false,
    reason,
    status: 503,
    headers: {
      "content-type": "application/problem+json",
      "retry-after": String(seconds),
      "cache-control": "no-store",
    },
    body: {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: `${DETAILS[reason]}; try again in ${seconds} s`,
    },
  };
}

const DETAILS: Record<RejectionReason, string> = {
  headroom: "Memory is short",
  inFlight: "Too many requests at once for the memory that is left",
  priority: "Memory is short, and more important requests go first",
  rss: "This process holds too much memory",
  heapUsed: "The heap of this process is nearly full",
};
