/**
 * Whose memory a value describes: the cgroup's, the host's (`"system"`), or the
 * engine's heap.
 *
 * @since 0.1.0
 */
export type Scope = "cgroup" | "system" | "heap";
