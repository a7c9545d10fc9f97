import type { IsolateChannel } from "../host/watchdog.ts";

/** Longest time in milliseconds that other isolates hold a collection back. */
export const MAX_HOLD = 250;

/** What watchdogs of one process tell each other. */
interface Message {
  kind: "started" | "present" | "collecting" | "collected" | "stopped";
  /** Names the sender. */
  from: string;
  /** With `"collecting"`: milliseconds that the collection is expected to take. */
  expected?: number;
}

/**
 * Knows which other isolates of this process run a watchdog, and whether one
 * of them is collecting. Two collections at the same time compete for the CPU,
 * and the first one often frees enough.
 *
 * It is a courtesy, not a lock: two isolates that decide at the same instant
 * both collect. An isolate that knows of no other sends nothing and never waits.
 */
export class OtherIsolates {
  readonly #id: string = crypto.randomUUID();
  readonly #now: () => number;
  readonly #onFree: () => void;
  readonly #onLost: (reason: unknown) => void;
  /** There unless `#closed`. */
  #channel: IsolateChannel | undefined;
  /** For each other isolate, the time until which it is expected to collect. */
  readonly #collectingUntil = new Map<string, number>();
  #waitingSince: number | undefined;
  #waited = 0;
  #closed = false;

  /**
   * @param open Opens the channel.
   * @param now Milliseconds on the watchdog's clock.
   * @param onFree Called when the collection that `allows()` waited for has ended.
   * @param onLost Called when the channel fails. The watchdog then works on as if alone.
   */
  constructor(
    open: (receive: (message: unknown) => void) => IsolateChannel,
    now: () => number,
    onFree: () => void,
    onLost: (reason: unknown) => void,
  ) {
    this.#now = now;
    this.#onFree = onFree;
    this.#onLost = onLost;
    try {
      this.#channel = open((message) => this.#receive(message));
    } catch (error) {
      this.#lose(error);
    }
    this.#post("started");
  }

  /** Other isolates of this process that run a watchdog. */
  get count(): number {
    return this.#collectingUntil.size;
  }

  /** Times that a collection has waited for one of another isolate. */
  get waited(): number {
    return this.#waited;
  }

  /** Whether this isolate may collect now, or waits for another one's collection. */
  allows(): boolean {
    if (!this.#isOneCollecting()) {
      this.#waitingSince = undefined;
      return true;
    }
    const now = this.#now();
    if (this.#waitingSince === undefined) {
      this.#waitingSince = now;
      this.#waited++;
    }
    return now - this.#waitingSince >= MAX_HOLD;
  }

  /** Announces a collection of this isolate. */
  begin(expected: number): void {
    this.#waitingSince = undefined;
    if (this.count > 0) this.#post("collecting", expected);
  }

  /** Announces that it has ended. */
  end(): void {
    if (this.count > 0) this.#post("collected");
  }

  close(): void {
    if (this.count > 0) this.#post("stopped");
    if (this.#closed) return;
    this.#closed = true;
    this.#channel!.close();
  }

  #lose(reason: unknown): void {
    this.#closed = true;
    this.#collectingUntil.clear();
    this.#onLost(reason);
  }

  #isOneCollecting(): boolean {
    const now = this.#now();
    for (const until of this.#collectingUntil.values()) if (now < until) return true;
    return false;
  }

  #post(kind: Message["kind"], expected?: number): void {
    if (this.#closed) return;
    const message: Message = { kind, from: this.#id };
    if (expected !== undefined) message.expected = expected;
    try {
      this.#channel!.post(message);
    } catch (error) {
      this.#lose(error);
    }
  }

  #receive(message: unknown): void {
    if (this.#closed || !isMessage(message)) return;
    const { kind, from, expected = MAX_HOLD } = message;
    if (kind === "stopped") {
      this.#collectingUntil.delete(from);
    } else {
      const hold = kind === "collecting" ? Math.min(expected, MAX_HOLD) : 0;
      this.#collectingUntil.set(from, this.#now() + hold);
    }
    if (kind === "started") this.#post("present");
    if (this.#waitingSince !== undefined && !this.#isOneCollecting()) this.#onFree();
  }
}

function isMessage(value: unknown): value is Message {
  const { kind, from } = (value ?? {}) as Partial<Message>;
  return typeof kind === "string" && typeof from === "string";
}
