import type { Clock } from "../clock.ts";
import type { Need } from "./learned_demand.ts";
import { SharedTimer } from "./shared_timer.ts";
import type { Trial } from "./trials.ts";

/** A request that was admitted and not released yet. */
export interface Flight {
  readonly request: unknown;
  /** Bytes that it takes at most. */
  readonly bytes: number;
  /** Set if it was admitted as a trial. */
  readonly trial: Trial | undefined;
  /** Set if the shedder learns what requests take. */
  readonly need: Need | undefined;
  /** By which ticks it is settled, and its lease expires. */
  settleTick: number;
  leaseTick: number;
  /** Whether samples show all that it takes. */
  settled: boolean;
  ended: boolean;
  previous: Flight | undefined;
  next: Flight | undefined;
}

/** Times and hooks of {@linkcode Flights}. */
export interface FlightsOptions {
  /** Milliseconds until samples show a request; `Infinity`: never. */
  within: number;
  /** Milliseconds until the lease of a request expires; `Infinity`: never. */
  leaseTimeout: number;
  clock: Clock;
  /** Called when a flight ends, by its release or by the end of its lease. */
  onEnd(flight: Flight, expired: boolean): void;
}

/**
 * The requests in flight, and how much of their memory samples do not show
 * yet. All wait for the same times, so one list in order of admission and one
 * timer for each of the two times are enough.
 */
export class Flights {
  readonly #onEnd: FlightsOptions["onEnd"];
  readonly #settling: SharedTimer | undefined;
  readonly #leases: SharedTimer | undefined;
  #oldest: Flight | undefined;
  #newest: Flight | undefined;
  /** The oldest that has not taken all its memory yet. */
  #unripe: Flight | undefined;
  /** Flights that the next sample shows completely; ended ones may be among them. */
  #ripe: Flight[] = [];
  #count = 0;
  #pending = 0;
  #started = 0;
  #closed = false;

  constructor({ within, leaseTimeout, clock, onEnd }: FlightsOptions) {
    this.#onEnd = onEnd;
    if (within !== Infinity) {
      this.#settling = new SharedTimer(clock, within, (tick) => this.#ripen(tick));
    }
    if (leaseTimeout !== Infinity) {
      this.#leases = new SharedTimer(clock, leaseTimeout, (tick) => this.#expire(tick));
    }
  }

  /** All that have not ended. */
  get count(): number {
    return this.#count;
  }

  /** All that were started so far. */
  get started(): number {
    return this.#started;
  }

  /** Bytes of those that are not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Starts a flight; `end()` it. */
  start(request: unknown, bytes: number, trial?: Trial, need?: Need): Flight {
    const flight: Flight = {
      request,
      bytes,
      trial,
      need,
      settleTick: Infinity,
      leaseTick: Infinity,
      settled: false,
      ended: false,
      previous: this.#newest,
      next: undefined,
    };
    if (this.#newest === undefined) this.#oldest = flight;
    else this.#newest.next = flight;
    this.#newest = flight;
    this.#started++;
    this.#count++;
    this.#pending += bytes;
    if (this.#closed) return flight;
    if (this.#leases !== undefined) flight.leaseTick = this.#leases.add();
    if (this.#settling !== undefined) {
      flight.settleTick = this.#settling.add();
      this.#unripe ??= flight;
    }
    return flight;
  }

  /** Ends a flight; ending it again has no effect. */
  end(flight: Flight): void {
    this.#end(flight, false);
  }

  /** Takes a new sample into account. */
  settle(): void {
    if (this.#ripe.length === 0) return;
    for (const flight of this.#ripe) this.#settle(flight);
    this.#ripe = [];
  }

  /** Stops the timers, for good. */
  close(): void {
    this.#closed = true;
    this.#settling?.stop();
    this.#leases?.stop();
  }

  #end(flight: Flight, expired: boolean): void {
    if (flight.ended) return;
    flight.ended = true;
    this.#count--;
    this.#settle(flight);
    if (this.#unripe === flight) this.#unripe = flight.next;
    if (flight.previous === undefined) this.#oldest = flight.next;
    else flight.previous.next = flight.next;
    if (flight.next === undefined) this.#newest = flight.previous;
    else flight.next.previous = flight.previous;
    // Whoever keeps the ended flight must not keep its neighbours.
    flight.previous = flight.next = undefined;
    this.#onEnd(flight, expired);
  }

  #settle(flight: Flight): void {
    if (flight.settled) return;
    flight.settled = true;
    this.#pending -= flight.bytes;
  }

  #ripen(tick: number): boolean {
    let flight = this.#unripe;
    while (flight !== undefined && flight.settleTick <= tick) {
      this.#ripe.push(flight);
      flight = flight.next;
    }
    this.#unripe = flight;
    return flight !== undefined;
  }

  #expire(tick: number): boolean {
    while (this.#oldest !== undefined && this.#oldest.leaseTick <= tick) {
      this.#end(this.#oldest, true);
    }
    return this.#oldest !== undefined;
  }
}
