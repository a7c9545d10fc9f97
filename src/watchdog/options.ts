import type { Clock } from "../clock.ts";
import type { SamplerSource } from "../sampler.ts";
import type { Share } from "../size.ts";
import type { CollectEvent, DisableEvent, FireEvent, IneffectiveEvent, Logger } from "./events.ts";
import type { EvidenceOptions } from "./evidence_options.ts";
import type { ReturnMemoryOptions } from "./memory_return.ts";
import type { GcPolicyLike } from "./policy.ts";
import type { GcRateLimitOptions } from "./gc_rate_limit.ts";

/**
 * Heap snapshots, to find out afterwards what filled the memory. Writing one
 * stops the program: for seconds, or for a minute where the heap is large.
 *
 * Writing one also takes several times the heap, most of it outside the heap:
 * up to 160 MiB + 22 × `heapUsed` in Deno, 64 MiB + 15 × in Node, 16 MiB + 11 ×
 * in Bun (where Buffers do not count). The watchdog writes a snapshot only if
 * the cgroup and the host have that much left. Otherwise it warns once per stay
 * above `at`, counts `snapshotsSkipped`, and tries again while the stay lasts. A
 * heap that fills most of a container therefore never gets a snapshot: set `at`
 * to `"10%"` or less for it, or follow the heap with a limit well below the
 * container's.
 *
 * @since 0.1.0
 */
export interface HeapSnapshotOptions {
  /**
   * Folder for the files, created if it is missing. A file has its final name
   * (`*.heapsnapshot`) only when it is complete. Only its owner can read it.
   */
  directory: string;
  /**
   * Usage at which a snapshot is written, as a share of the limit. The next one
   * is written only after usage was below it. Default: `"50%"`, or `"90%"` where the watchdog follows the heap.
   * Near a container's limit there is hardly ever room.
   */
  at?: Share | undefined;
  /** Maximum number of snapshots. Default: 3. */
  max?: number | undefined;
}

/**
 * Options that every watchdog takes. The watchdog reads each option once, at the
 * start. Later changes to the object have no effect.
 *
 * The default `usage` is `"workingSet"`. With a `sampler` of your own, the
 * watchdog does not coordinate with those of other isolates, because its figures
 * may be of other memory.
 *
 * @since 0.1.0
 */
export type CommonWatchdogOptions = WatchdogRules & SamplerSource<"usage" | "adapter" | "root">;

/**
 * Options of {@linkcode cgroupDriven}. `limit` is a memory limit in bytes that
 * cannot be seen from inside, as in the options of a sampler: the smaller of it
 * and the effective limit counts, and it counts where there is no other.
 *
 * @since 0.1.0
 */
export type CgroupDrivenOptions =
  & WatchdogRules
  & SamplerSource<"usage" | "adapter" | "root" | "limit">;

/**
 * The options of a watchdog except those of the memory that it samples.
 *
 * @since 0.1.0
 */
export interface WatchdogRules {
  /**
   * Decides at which usage garbage is collected. The watchdog asks it once before
   * it is returned. Default: `watermarks([0.6, 0.7, 0.8, 0.9])`.
   */
  policy?: GcPolicyLike | undefined;
  /**
   * Minimum time between two polls of the usage, in milliseconds. Default: 25.
   *
   * While nothing is allocated, each poll doubles the time until the next one.
   * It is at most `maxInterval`, and at most the time in which usage could grow
   * to 95 % of the limit at 512 MiB per second. A garbage collection of the
   * engine, which shows that the program allocates, ends a long wait at once.
   */
  interval?: number | undefined;
  /**
   * Maximum time between two polls, in milliseconds. Set it to the value of
   * `interval` to poll at a fixed rate. Default: 1,000, or `interval` if that is
   * more.
   */
  maxInterval?: number | undefined;
  /**
   * Collects all garbage before it returns. If it returns a promise, the watchdog
   * does not await it. Default: the function of the runtime.
   */
  gc?: (() => unknown) | undefined;
  /** Calls `onFire` but collects nothing. Default: `false`. */
  dryRun?: boolean | undefined;
  /** Limits how often garbage collection is forced. Default: see its options. */
  guard?: GcRateLimitOptions | undefined;
  /**
   * Called when usage has reached the watermark, before the collection, with
   * `dryRun` too.
   *
   * Hooks are first called after the watchdog was returned. They may be
   * asynchronous, but the watchdog does not await them: the collection follows at
   * once. A hook that throws or rejects disables the watchdog.
   */
  onFire?: ((event: FireEvent) => unknown) | undefined;
  /** Called before each forced collection. */
  beforeCollect?: ((event: FireEvent) => unknown) | undefined;
  /** Called after each forced collection, and after the engine's own where they can be seen. */
  afterCollect?: ((event: CollectEvent) => unknown) | undefined;
  /** Called when a forced collection freed less than `guard.minFreed` of the usage. */
  onIneffective?: ((event: IneffectiveEvent) => unknown) | undefined;
  /**
   * Called when the watchdog was disabled because a hook, the policy or the
   * sampler threw or rejected. It no longer counts as running then, so another
   * watchdog can be started.
   */
  onDisable?: ((event: DisableEvent) => unknown) | undefined;
  /** Where the watchdog reports. Default: nowhere. */
  logger?: Logger | undefined;
  /** Writes heap snapshots when usage is high. Default: none. */
  heapSnapshots?: HeapSnapshotOptions | undefined;
  /** A report and an allocation profile near the limit. Default: none. */
  evidence?: EvidenceOptions | undefined;
  /**
   * Returns memory to the kernel that the program has freed and the allocator
   * keeps, where the runtime can: `Bun.gc(true)` in Bun, SIGUSR2 in a Deno that
   * was started with `DENO_USR2_MEMORY_TRIM=1`. `false`: never. Default: `{}`.
   */
  returnMemory?: ReturnMemoryOptions | false | undefined;
  /**
   * Stops the watchdog when it is aborted. If it is aborted already, the watchdog
   * is returned stopped and has done nothing. Default: none.
   */
  signal?: AbortSignal | undefined;
  /** Lets the process exit while the watchdog runs. Default: `true`. */
  unref?: boolean | undefined;
  /** The clock that makes its ticks. Default: the global `setInterval`. */
  clock?: Clock | undefined;
}
