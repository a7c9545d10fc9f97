import { findForceGc, findRequestGc } from "../host/gc.ts";
import type { SampledField } from "../fields.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Sampler } from "../sampler.ts";
import { type OpenSource, openSource } from "../sampler_source.ts";
import type { Scope } from "../scope.ts";
import { adopt } from "../thenable.ts";
import { findReturnMemory, readAnonymousMemory } from "../host/returned_memory.ts";
import { openIsolateChannel } from "../host/watchdog.ts";
import { Dog } from "./dog.ts";
import { toFailure } from "./doing.ts";
import { EarlyGc } from "./early_gc.ts";
import { NotSupportedError } from "./errors.ts";
import type { DisableEvent, Logger } from "./events.ts";
import { EvidenceWriter } from "./evidence.ts";
import type { Gauge } from "./gauge.ts";
import { stoppedWatchdog, type Watchdog } from "./handle.ts";
import { MemoryReturn } from "./memory_return.ts";
import { Place } from "./place.ts";
import type { WatchdogSettings } from "./settings.ts";
import { SnapshotTaker } from "./snapshots.ts";
import type { Steering } from "./steering.ts";
import { GcRateLimit } from "./gc_rate_limit.ts";
import { followLogger } from "./user_code.ts";

/** What differs between the ways to watch. */
export interface Way {
  gauge: Gauge;
  steering?: Steering | undefined;
}

/** What is there to find out what to follow. */
export interface FindParts {
  /** A first snapshot, where one is there at once. */
  first: MemInfo | undefined;
  sampler: Sampler;
  logger: Logger;
  /** Disables the watchdog. */
  fail: (failure: DisableEvent) => void;
}

/**
 * Everything is taken, or nothing is.
 *
 * @param fields What the watchdog reads besides the heap.
 */
export function start(
  settings: WatchdogSettings,
  scope: Scope,
  fields: readonly SampledField[],
  find: (parts: FindParts) => Way,
): Watchdog {
  const { signal, heapSnapshots, evidence, clock } = settings;
  if (signal?.aborted) return stoppedWatchdog(scope);
  const place = new Place();
  place.take();
  let source: OpenSource | undefined;
  let way: Way | undefined;
  let dog: Dog | undefined;
  const leave = () => {
    place.leave();
    source?.close();
  };
  try {
    // Before there is a watchdog, only a start that failed could be told of a
    // rejection, and that has a failure of its own.
    const fail = (failure: DisableEvent) => dog?.fail(failure);
    const logger = followLogger(settings.logger, fail);
    const gc = settings.dryRun ? () => {} : settings.gc ?? findForceGc();
    if (gc === undefined) {
      throw new NotSupportedError(
        "this runtime cannot be made to collect: start it with --expose-gc, or pass gc",
      );
    }
    source = openSource(withFields(settings, fields));
    const { sampler } = source;
    const first = takeFirst(sampler);
    way = find({ first, sampler, logger, fail });
    const snapshots = heapSnapshots && new SnapshotTaker(heapSnapshots, logger);
    dog = new Dog({
      settings,
      gauge: way.gauge,
      gc,
      guard: new GcRateLimit(settings.guard),
      early: findEarly(settings),
      source,
      steering: way.steering,
      snapshots,
      evidence: evidence && new EvidenceWriter({
        settings: evidence,
        scope: way.gauge.scope,
        now: () => clock.now(),
        logger,
        sampleAll: () => sampleAll(settings),
        counters: () => dog?.counters,
        snapshots,
        fail,
      }),
      memoryReturn: findMemoryReturn(settings, way.gauge.scope, logger),
      logger,
      openChannel: settings.sampler === undefined
        ? (receive) => openIsolateChannel("@x/memctl/watchdog", receive)
        : undefined,
      onStop: leave,
    }, first);
    const limit = dog.limit === undefined ? "not known yet" : `${dog.limit} bytes`;
    logger.info?.(`watchdog: follows the ${dog.scope}, limit ${limit}`);
  } catch (error) {
    dog?.stop();
    way?.steering?.stop();
    leave();
    place.giveBack();
    throw toFailure(error, "starting").reason;
  }
  // A logger may have aborted it.
  if (signal?.aborted) dog.stop();
  return dog;
}

/** The settings with the fields that a watchdog needs. A heap snapshot may need any. */
function withFields(
  settings: WatchdogSettings,
  fields: readonly SampledField[],
): WatchdogSettings {
  const { sampling, heapSnapshots, evidence } = settings;
  if (heapSnapshots !== undefined) return settings;
  const needed: SampledField[] = [...fields, "heapUsed", "runtimeTotal"];
  // The engine tells its limit in the same call.
  if (evidence !== undefined) needed.push("heapLimit");
  return { ...settings, sampling: { ...sampling, fields: needed } };
}

/** A snapshot of every field, or `undefined` where that takes time. */
function sampleAll(settings: WatchdogSettings): MemInfo | undefined {
  const { sampler, close } = openSource(settings);
  try {
    return takeFirst(sampler);
  } finally {
    close();
  }
}

/** None where the figures may be of other memory, or of this isolate only. */
function findMemoryReturn(
  { returnGap, sampler, dryRun, clock }: WatchdogSettings,
  scope: Scope,
  logger: Logger,
): MemoryReturn | undefined {
  if (returnGap === undefined || sampler !== undefined || dryRun || scope === "heap") {
    return undefined;
  }
  return new MemoryReturn({
    minGap: returnGap,
    now: () => clock.now(),
    find: findReturnMemory,
    readAnonymous: readAnonymousMemory,
    logger,
  });
}

/** None where the caller collects, or nobody does. */
function findEarly({ dryRun, gc }: WatchdogSettings): EarlyGc | undefined {
  if (dryRun || gc !== undefined) return undefined;
  const request = findRequestGc();
  return request && new EarlyGc(request);
}

/** A first snapshot, or `undefined` where the sampler needs time for it. */
export function takeFirst(sampler: Sampler): MemInfo | undefined {
  const first = sampler.sample();
  const pending = adopt(first);
  if (pending === undefined) return first as MemInfo;
  // It is only looked at where it is there at once; the ticks report failures.
  pending.then(undefined, () => {});
  return undefined;
}
