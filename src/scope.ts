/**
 * Which memory a figure is of: the heap, the cgroup, or the host.
 *
 * @since 0.1.0
 */
export type Scope = "cgroup" | "system" | "heap";
