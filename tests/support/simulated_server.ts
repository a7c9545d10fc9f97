// A server in a container, on a manual clock: its requests take memory, what
// they leave is garbage until somebody collects it, and above the limit it is killed.

import {
  LoadShedder,
  type Pass,
  type Rejection,
  type RequestLike,
  type ShedRules,
} from "../../http.ts";
import { MemInfo, MiB } from "../../mod.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

/** What a request does. Bytes and milliseconds. */
export interface Cost {
  bytes: number;
  /** From admission until it takes its memory. */
  late?: number;
  /** From then on until it is answered; `Infinity`: it never is. */
  hold: number;
}

/** What the memory of the server is like. */
export interface ServerOptions {
  /** Bytes. */
  limit?: number;
  base?: number;
  /** The engine collects by itself at so many bytes of garbage. */
  engine?: number;
  /** The share of freed memory that the allocator keeps for reuse. */
  keeps?: number;
  shed?: ShedRules<RequestLike>;
}

/** One server, and what came of its requests. */
export class SimulatedServer {
  readonly clock: ManualClock = new ManualClock();
  readonly shedder: LoadShedder<RequestLike>;
  readonly limit: number;
  live: number;
  garbage: number = 0;
  kept: number = 0;
  peak: number = 0;
  served: number = 0;
  rejected: number = 0;
  collections: number = 0;
  /** Milliseconds that each served request took, with waiting. */
  readonly times: number[] = [];
  readonly #options: ServerOptions;
  readonly #due: { at: number; run: () => void }[] = [];

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.limit = options.limit ?? 512 * MiB;
    this.live = options.base ?? 60 * MiB;
    const sampler = new ScenarioSampler(this.clock, [{ at: 0 }]);
    sampler.sample = () =>
      new MemInfo({ cgroupLimit: this.limit, cgroupCurrent: Math.min(this.limit, this.usage) });
    this.shedder = new LoadShedder<RequestLike>({
      sampler,
      clock: this.clock,
      gc: () => {
        this.collections++;
        this.#collect();
      },
      ...(options.shed?.perRequest === undefined && { learn: true }),
      ...options.shed,
    });
  }

  get usage(): number {
    return this.live + this.garbage + this.kept;
  }

  get killed(): boolean {
    return this.peak > this.limit;
  }

  /** Sends a request that may wait; resolves with whether it was served, once it is admitted or not. */
  send(cost: Cost, request: RequestLike = { url: "/" }): Promise<boolean> | boolean {
    const start = this.clock.now();
    const settle = (admission: Pass | Rejection) => this.#begin(admission, cost, start);
    const admission = this.shedder.admitSoon(request);
    return admission instanceof Promise ? admission.then(settle) : settle(admission);
  }

  /** Sends a request that does not wait. */
  sendNow(cost: Cost, request: RequestLike = { url: "/" }): boolean {
    return this.#begin(this.shedder.admit(request), cost, this.clock.now());
  }

  /** Runs for so many milliseconds, calling `each` every millisecond. */
  async run(milliseconds: number, each: (now: number) => void = () => {}): Promise<void> {
    for (let i = 0; i < milliseconds; i++) {
      this.clock.tick(1);
      const now = this.clock.now();
      while (this.#due.length > 0 && this.#due[0]!.at <= now) this.#due.shift()!.run();
      each(now);
      // Requests that waited go on in a microtask.
      await undefined;
      await undefined;
      this.peak = Math.max(this.peak, this.usage);
    }
  }

  /** Clients with one request at a time each, that ask again 50 ms after a rejection. */
  async clients(
    count: number,
    milliseconds: number,
    next: () => [Cost, RequestLike],
  ): Promise<void> {
    const until = this.clock.now() + milliseconds;
    const client = async () => {
      if (this.clock.now() >= until) return;
      const [cost, request] = next();
      // Not all take the same time.
      const hold = Math.round(cost.hold * (0.8 + (i++ * 0.618 % 0.4)));
      const served = await this.send({ ...cost, hold }, request);
      this.after(served ? (cost.late ?? 0) + hold + 1 : 40 + i % 20, () => void client());
    };
    let i = 0;
    for (let n = 0; n < count; n++) this.after(Math.round(n * 1_000 / count), () => void client());
    await this.run(milliseconds);
  }

  after(milliseconds: number, run: () => void): void {
    const at = this.clock.now() + milliseconds;
    let i = this.#due.length;
    while (i > 0 && this.#due[i - 1]!.at > at) i--;
    this.#due.splice(i, 0, { at, run });
  }

  #begin(admission: Pass | Rejection, { bytes, late = 0, hold }: Cost, start: number): boolean {
    if (!admission.admitted) {
      this.rejected++;
      return false;
    }
    const take = () => {
      const reused = Math.min(this.kept, bytes);
      this.kept -= reused;
      this.live += bytes;
      this.peak = Math.max(this.peak, this.usage);
      if (hold === Infinity) return;
      this.after(hold, () => {
        this.live -= bytes;
        this.garbage += bytes;
        this.served++;
        this.times.push(this.clock.now() - start);
        admission.release();
        if (this.garbage > (this.#options.engine ?? 64 * MiB)) this.#collect();
      });
    };
    if (late === 0) take();
    else this.after(late, take);
    return true;
  }

  #collect(): void {
    const { keeps = 0 } = this.#options;
    this.kept += this.garbage * keeps;
    this.garbage = 0;
  }
}
