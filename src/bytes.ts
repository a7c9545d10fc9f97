/**
 * One kibibyte: 1,024 bytes.
 *
 * ```ts
 * import { KiB } from "@x/memctl";
 * import assert from "node:assert/strict";
 *
 * assert.equal(64 * KiB, 65_536);
 * ```
 *
 * @since 0.1.0
 */
export const KiB: number = 1024;

/**
 * One mebibyte: 1,024 KiB, 1,048,576 bytes.
 *
 * ```ts
 * import { MiB } from "@x/memctl";
 * import assert from "node:assert/strict";
 *
 * assert.equal(512 * MiB, 536_870_912);
 * ```
 *
 * @since 0.1.0
 */
export const MiB: number = 1024 * KiB;

/**
 * One gibibyte: 1,024 MiB, 1,073,741,824 bytes.
 *
 * Multiply; do not shift. JavaScript's shift operators work on 32 bits, so the
 * `4 << 30` of other languages is 0 here.
 *
 * ```ts
 * import { GiB } from "@x/memctl";
 * import assert from "node:assert/strict";
 *
 * assert.equal(4 * GiB, 4_294_967_296);
 * assert.equal(4 << 30, 0); // the trap
 * ```
 *
 * @since 0.1.0
 */
export const GiB: number = 1024 * MiB;

/** Bytes for people, in the largest binary unit that leaves at least 1. */
export function formatBytes(bytes: number): string {
  if (bytes >= GiB) return `${(bytes / GiB).toFixed(1)}GiB`;
  if (bytes >= MiB) return `${(bytes / MiB).toFixed(1)}MiB`;
  if (bytes >= KiB) return `${(bytes / KiB).toFixed(1)}KiB`;
  return `${bytes}B`;
}
