/**
 * The kernel's counters of what happened to this process's cgroup for lack of
 * memory. They count from the time the cgroup was made, for all its processes.
 * A counter that the kernel does not have, or that cannot be read, is `undefined`.
 *
 * @since 0.1.0
 */
export interface CgroupEvents {
  /**
   * The folder of the cgroup: the innermost one that accounts for memory. On
   * cgroup v2, the counters include those of the cgroups below it.
   */
  readonly folder: string;
  /**
   * Times that processes were slowed down because usage was above the throttle
   * limit (`high` of memory.events). Only on cgroup v2.
   */
  readonly high: number | undefined;
  /**
   * Times that usage was about to exceed the hard limit, or reached it (`max` of
   * memory.events; memory.failcnt on v1). The kernel then reclaims page cache, so
   * this is no failure yet.
   */
  readonly max: number | undefined;
  /**
   * Times that reclaim did not help, and an allocation was about to fail (`oom`
   * of memory.events). Only on cgroup v2.
   */
  readonly oom: number | undefined;
  /**
   * Processes that an OOM killer ended, that of the cgroup or of the host
   * (`oom_kill` of memory.events; of memory.oom_control on v1, since Linux 4.13).
   */
  readonly oomKill: number | undefined;
}
