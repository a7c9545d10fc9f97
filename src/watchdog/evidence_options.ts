import { checkNumber, checkObject, show } from "../check.ts";
import { MiB } from "../bytes.ts";
import { parseShare, type Share } from "../size.ts";

/**
 * Evidence of what fills the memory: a report, and a sampling profile of the
 * allocations. Unlike a heap snapshot it takes next to no memory, so it is
 * written near the limit too.
 *
 * @since 0.1.0
 */
export interface EvidenceOptions {
  /**
   * Folder for the files; made when missing. A file has its final name
   * (`*.evidence.json`, `*.heapprofile`) only when it is complete, and only its
   * owner can read it.
   */
  directory: string;
  /**
   * Usage at which evidence is written, once until usage falls below nine tenths
   * of it: a share of the limit that the watchdog follows, or of the engine's
   * heap limit, whichever is closer. Default: `"85%"`.
   */
  at?: Share | undefined;
  /**
   * Usage from which V8 samples what is allocated: the same kind of share, at
   * most `at`. A profile holds only objects that were allocated later. It goes
   * on until the watchdog stops. `false`: no profile. Default: `"50%"`.
   */
  profileFrom?: Share | false | undefined;
  /** Minimum time between two reports, in milliseconds. Default: 60,000. */
  minGap?: number | undefined;
  /**
   * Maximum number of files of evidence in the folder, those of earlier processes
   * included. At least 2, a report and its profile. The oldest are removed.
   * Default: 20.
   */
  maxFiles?: number | undefined;
  /** Maximum size of these files together, in bytes. Default: 32 MiB. */
  maxBytes?: number | undefined;
}

/** The options with their defaults. Shares are fractions. */
export interface EvidenceSettings {
  readonly directory: string;
  readonly at: number;
  /** `undefined`: no profile. */
  readonly profileFrom: number | undefined;
  readonly minGap: number;
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** Reads each option of evidence once, and checks it. */
export function readEvidence(options: EvidenceOptions | undefined): EvidenceSettings | undefined {
  if (options === undefined) return undefined;
  checkObject("evidence", options);
  const {
    directory,
    at: givenAt = "85%",
    profileFrom: given,
    minGap = 60_000,
    maxFiles = 20,
    maxBytes = 32 * MiB,
  } = options;
  if (typeof directory !== "string" || directory === "") {
    throw new TypeError(`'evidence.directory' must be a path: current value is ${show(directory)}`);
  }
  const at = parseShare("evidence.at", givenAt);
  const givenFrom = given ?? "50%";
  const from = givenFrom === false ? undefined : parseShare("evidence.profileFrom", givenFrom);
  if (from !== undefined && from > at && given !== undefined) {
    throw new RangeError(
      `'evidence.profileFrom' must be at most at, ${givenAt}: current value is ${givenFrom}`,
    );
  }
  checkNumber(
    "evidence.minGap",
    minGap,
    "a number of milliseconds",
    "at least 0 and finite milliseconds",
    (value) => value >= 0 && value < Infinity,
  );
  checkNumber(
    "evidence.maxFiles",
    maxFiles,
    "a number",
    "a whole number of at least 2",
    (value) => Number.isInteger(value) && value >= 2,
  );
  checkNumber(
    "evidence.maxBytes",
    maxBytes,
    "a number of bytes",
    "above 0 bytes and finite",
    (value) => value > 0 && value < Infinity,
  );
  return {
    directory,
    at,
    // The default gives way to a lower threshold.
    profileFrom: from === undefined ? undefined : Math.min(from, at),
    minGap,
    maxFiles,
    maxBytes,
  };
}
