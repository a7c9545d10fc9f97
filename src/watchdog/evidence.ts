import path from "node:path";
import { MiB } from "../bytes.ts";
import {
  type AllocationProfile,
  ensureFolder,
  keptName,
  prepareFolder,
  type ProfileResult,
  readObjectTypes,
  readProcessFacts,
  startAllocationProfile,
  writeKept,
} from "../host/watchdog.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Scope } from "../scope.ts";
import { messageOf } from "../thrown.ts";
import { toFailure } from "./doing.ts";
import type { Logger, WatchdogCounters } from "./events.ts";
import type { EvidenceSettings } from "./evidence_options.ts";
import { type EvidenceFile, type EvidenceReport, findBiggest } from "./evidence_report.ts";
import type { Reading } from "./gauge.ts";
import { RecentSamples, SAMPLE_COLUMNS } from "./recent_samples.ts";
import { findShortage, type SnapshotTaker } from "./snapshots.ts";
import type { OnFailure } from "./user_code.ts";

/** Everything that evidence is made of. */
export interface EvidenceParts {
  settings: EvidenceSettings;
  scope: Scope;
  /** Milliseconds, from any point in time. */
  now: () => number;
  logger: Logger;
  /** A snapshot of every field; `undefined`: there is none at once. */
  sampleAll: () => MemInfo | undefined;
  counters: () => WatchdogCounters | undefined;
  snapshots: SnapshotTaker | undefined;
  /** Disables the watchdog: told what a logger throws when nobody else can be. */
  fail: OnFailure;
}

/** The part of the threshold that usage must fall below before the next report. */
const HYSTERESIS = 0.9;
/**
 * What a profile may take: bytes beyond the memory in use. Measured by `deno
 * task bench:evidence`.
 */
const PROFILE_NEEDS = 8 * MiB;
const EXTENSIONS = [".evidence.json", ".heapprofile"] as const;
const WRITING = "writing evidence";

/** A report that is not complete yet. */
interface Unfinished {
  readonly name: string;
  report: EvidenceReport;
  /** When it was due, for what is left. */
  readonly info: MemInfo;
  /** Whether the profile has been asked for. */
  asked: boolean;
}

/** Writes evidence once per stay above a share of the limit. */
export class EvidenceWriter {
  readonly #parts: EvidenceParts;
  readonly #recent = new RecentSamples();
  /** Of the present stay above the threshold. */
  #done = false;
  #lastAt = -Infinity;
  #profile: AllocationProfile | { problem: string } | undefined;
  #since = 0;
  #unfinished: Unfinished | undefined;
  written = 0;
  failed = 0;

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
    try {
      prepareFolder(parts.settings.directory);
    } catch (error) {
      // It is tried again when evidence is due.
      this.#warn("cannot write", error);
    }
  }

  /** The share of the limit below which samples need not be exact. */
  get from(): number {
    const { at, profileFrom = at } = this.#parts.settings;
    return Math.min(at * HYSTERESIS, profileFrom);
  }

  /** Takes note of a sample, and begins a report if one is due. */
  look(reading: Reading, info: MemInfo): void {
    const { settings: { at, profileFrom, minGap }, now } = this.#parts;
    this.#recent.note(reading, info);
    const { heapUsed = NaN, heapLimit = NaN } = info;
    const ofHeap = heapUsed / heapLimit;
    const share = Math.max(reading.used / reading.limit, ofHeap || 0);
    if (profileFrom !== undefined && share >= profileFrom) {
      if (this.#profile === undefined) this.#since = Date.now();
      this.#profile ??= startAllocationProfile();
    }
    if (share < at * HYSTERESIS) this.#done = false;
    if (share < at || this.#done) return;
    const time = now();
    if (time - this.#lastAt < minGap) return;
    this.#abandon("the inspector did not answer");
    this.#done = true;
    this.#lastAt = time;
    const isHeap = ofHeap === share;
    this.#begin(isHeap ? { used: heapUsed, limit: heapLimit } : reading, isHeap, info);
  }

  /** Adds what takes longer to a report that was begun. */
  finish(): void {
    const unfinished = this.#unfinished;
    if (unfinished === undefined || unfinished.asked) return;
    unfinished.asked = true;
    const { snapshots } = this.#parts;
    const detail = readObjectTypes();
    unfinished.report = {
      ...unfinished.report,
      heap: detail?.figures ?? unfinished.report.heap,
      objectTypes: detail?.types,
      heapSnapshot: snapshots?.outcome ?? { reason: "heapSnapshots is not set" },
    };
    const problem = this.#findProblem(unfinished.info);
    if (problem !== undefined) return this.#complete(unfinished, { problem });
    (this.#profile as AllocationProfile).read((result) => {
      try {
        this.#complete(unfinished, result);
      } catch (error) {
        // In a task of its own there is nobody else to tell.
        this.#parts.fail(toFailure(error, WRITING));
      }
    });
  }

  /** Completes a report that waits for its profile, and ends the profile. */
  stop(): void {
    this.#abandon("the watchdog was stopped before it was there");
    if (this.#profile !== undefined && "close" in this.#profile) this.#profile.close();
    this.#profile = undefined;
  }

  /** Writes all that is quick to get, before anything that may not end. */
  #begin({ used, limit }: Reading, isHeap: boolean, info: MemInfo): void {
    const { settings, scope, sampleAll, counters } = this.#parts;
    const at = Date.now();
    const name = keptName(at, this.written + this.failed + 1);
    try {
      const facts = readProcessFacts();
      const all = sampleAll() ?? info;
      const { usage, heap, spaces, resources, runtime, pid, uptime } = facts;
      const report: EvidenceReport = {
        memctl: "evidence",
        version: 1,
        at,
        complete: false,
        runtime,
        pid,
        uptime,
        ceiling: isHeap ? "heap" : scope,
        used,
        limit,
        threshold: Math.round(settings.at * limit),
        memory: all.toJSON(),
        tightest: all.tightest(),
        biggest: findBiggest(all, facts),
        usage,
        heap,
        spaces,
        objectTypes: undefined,
        resources,
        watchdog: counters(),
        sampleColumns: SAMPLE_COLUMNS,
        samples: this.#recent.rows(),
        profile: { reason: "not there yet" },
        heapSnapshot: { reason: "not there yet" },
      };
      ensureFolder(settings.directory);
      this.#write(name, report);
      this.#unfinished = { name, report, info, asked: false };
    } catch (error) {
      this.failed++;
      this.#warn("none written", error);
    }
  }

  /** Completes a report that waits for its profile without one. */
  #abandon(problem: string): void {
    if (this.#unfinished !== undefined) this.#complete(this.#unfinished, { problem });
  }

  #findProblem(info: MemInfo): string | undefined {
    const profile = this.#profile;
    if (profile === undefined) return "profileFrom is false";
    if ("problem" in profile) return profile.problem;
    return findShortage(info, PROFILE_NEEDS);
  }

  #complete(unfinished: Unfinished, { text, problem }: ProfileResult): void {
    if (this.#unfinished !== unfinished) return;
    this.#unfinished = undefined;
    const { logger, settings } = this.#parts;
    const { name, report } = unfinished;
    let profile: EvidenceFile = { reason: problem ?? "unknown" };
    try {
      if (text !== undefined) profile = this.#writeProfile(name, text);
      this.#write(name, { ...report, complete: true, profile });
    } catch (error) {
      this.failed++;
      this.#warn("only a part was written", error);
      return;
    }
    this.written++;
    const file = path.join(settings.directory, `${name}${EXTENSIONS[0]}`);
    const addition = profile.file === undefined ? `no profile, ${profile.reason}` : profile.file;
    logger.info?.(`watchdog: evidence written to ${file} (${addition})`);
  }

  #writeProfile(name: string, text: string): EvidenceFile {
    const file = `${name}${EXTENSIONS[1]}`;
    const { settings } = this.#parts;
    try {
      writeKept(settings.directory, file, text, EXTENSIONS, settings);
      return { file, since: this.#since };
    } catch (error) {
      return { reason: messageOf(error) };
    }
  }

  #write(name: string, report: EvidenceReport): void {
    const { settings } = this.#parts;
    const text = `${JSON.stringify(report, undefined, 1)}\n`;
    writeKept(settings.directory, `${name}${EXTENSIONS[0]}`, text, EXTENSIONS, settings);
  }

  #warn(what: string, error: unknown): void {
    const { logger, settings } = this.#parts;
    logger.warn?.(`watchdog: evidence: ${what} to ${settings.directory}: ${messageOf(error)}`);
  }
}
