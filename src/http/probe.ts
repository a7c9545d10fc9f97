import { MiB } from "../bytes.ts";
import type { Flights } from "./flights.ts";

/** How long nothing must have been in flight before the first, in milliseconds. */
const QUIET = 1_000;
/** Part of the headroom that they may take together. */
const SHARE = 0.5;
/** What a request is thought to take where that is not known, in bytes. */
const UNKNOWN = 8 * MiB;

/**
 * Lets few requests in although memory is short, once nothing has been in
 * flight for a while. What the allocator keeps for reuse counts as used, no
 * collection gives it back, and who refuses everybody never uses it again.
 */
export class Probe {
  #open = false;

  /**
   * Whether a request is let in: half of what is left must be enough for it
   * and for those in flight, should they take it anew.
   *
   * @param headroom Bytes.
   * @param bytes What the request takes at most; 0: unknown.
   */
  admits(now: number, flights: Flights, headroom: number, bytes: number): boolean {
    // Who never let anything in has nothing to use again.
    this.#open ||= flights.ended > 0 && flights.count === 0 && now - flights.endedAt >= QUIET;
    return this.#open && flights.count < Math.floor(headroom * SHARE / (bytes || UNKNOWN));
  }

  /** There is a regular way in again. */
  end(): void {
    this.#open = false;
  }
}
