import { checkFunction } from "../check.ts";
import { onSignals } from "../host/retire.ts";
import type { MemInfo } from "../mem_info.ts";
import { callReporting } from "../thenable.ts";
import { Ceilings, type CeilingVerdict } from "./ceilings.ts";
import { endInOrder } from "./end_in_order.ts";
import type { Retirement, RetirementState } from "./handle.ts";
import { closingHandler } from "./handler.ts";
import { Memory } from "./memory.ts";
import type { RetireReason } from "./options.ts";
import { checkServer, type OpenServer, openServer, type RetirableServer } from "./servers.ts";
import type { Settings } from "./settings.ts";
import { Waits } from "./waits.ts";

/** Why this process should retire, although it may not yet. */
interface Wish {
  readonly reason: RetireReason;
  /** What each further sample must confirm; `undefined`: nothing. */
  readonly verdict: CeilingVerdict | undefined;
}

/** Milliseconds that an exit may take after all that was waited for. */
const MARGIN = 1_000;

/** Milliseconds after a signal within which the same one is taken for a copy of it. */
const COPIES = 500;

/** Follows memory and signals, and ends this process in order, once. */
export class Retiring implements Retirement {
  readonly #settings: Settings;
  readonly #onStopped: () => void;
  readonly #ceilings: Ceilings;
  readonly #memory: Memory;
  readonly #waits: Waits;
  readonly #controller = new AbortController();
  readonly #servers: OpenServer[] = [];
  /** What ends the sampling, and the wish to retire. */
  readonly #releases: (() => void)[] = [];
  readonly #startedAt: number;
  #offSignals = () => {};
  #signalAt: number | undefined;
  #state: RetirementState = "running";
  #reason: RetireReason | undefined;
  #wish: Wish | undefined;
  /** Whether a turn is being asked for. */
  #asking = false;
  #turnsFail = false;
  /** What the next sample is to confirm, after a garbage collection. */
  #doubted: CeilingVerdict | undefined;
  #isUp = false;
  #end = () => {};
  readonly #ended = new Promise<void>((resolve) => this.#end = resolve);

  /** @param onStopped Called once it has stopped, or once it has ended. */
  constructor(settings: Settings, onStopped: () => void) {
    this.#settings = settings;
    this.#onStopped = onStopped;
    const { clock, interval, servers, signals, signal } = settings;
    this.#startedAt = clock.now();
    this.#waits = new Waits(clock);
    this.#ceilings = new Ceilings(settings, interval);
    this.#memory = new Memory(settings, this.#follow, this.#report);
    this.#releases.push(() => this.#memory.close());
    try {
      this.#offSignals = onSignals(signals, this.#onSignal);
      this.#releases.push(clock.every(interval, this.#tick, true));
      if (signal !== undefined) {
        const stop = () => this.stop();
        signal.addEventListener("abort", stop);
        this.#releases.push(() => signal.removeEventListener("abort", stop));
      }
      for (const server of servers) this.add(server);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  get state(): RetirementState {
    return this.#state;
  }

  get ready(): boolean {
    return this.#reason === undefined;
  }

  get reason(): RetireReason | undefined {
    return this.#reason;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readiness(otherwise?: () => Response): Response {
    if (this.ready && otherwise !== undefined) return otherwise();
    const report = { status: this.ready ? "pass" : "fail", state: this.#state };
    return new Response(JSON.stringify(report), {
      status: this.ready ? 200 : 503,
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  }

  handler<Args extends unknown[], Result>(
    handler: (...args: Args) => Result,
  ): (...args: Args) => Result {
    checkFunction("handler", handler);
    return closingHandler(handler, () => !this.ready);
  }

  add<Server extends RetirableServer>(server: Server): Server {
    checkServer("server", server);
    if (this.#state === "stopped") return server;
    const open = openServer(server, () => this.up());
    this.#servers.push(open);
    if (!this.ready) open.announce();
    return server;
  }

  up(): void {
    if (this.#isUp || !this.ready || this.#state === "stopped") return;
    this.#isUp = true;
    this.#ceilings.restart();
    const { turns, grace, clock } = this.#settings;
    if (turns === undefined) return;
    // Load balancers take as long to send requests here as to stop it.
    const stop = clock.every(Math.max(1, grace), () => {
      stop();
      callReporting(() => turns.up(), this.#report);
    }, true);
    this.#releases.push(stop);
  }

  begin(detail: string = "begin() was called"): Promise<void> {
    if (this.ready && this.#state !== "stopped") {
      this.#want({
        reason: { cause: "call", detail, ceiling: undefined, info: undefined },
        verdict: undefined,
      });
    }
    return this.#ended;
  }

  stop(): void {
    if (!this.ready || this.#state === "stopped") return;
    this.#state = "stopped";
    this.#wish = undefined;
    this.#letGo();
    for (const server of this.#servers) server.release();
    this.#finish();
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #tick = (): void => {
    if (this.#wish?.verdict === undefined) this.#askForTurn();
    this.#memory.sample();
  };

  readonly #follow = (info: MemInfo): void => {
    if (!this.ready) return;
    const now = this.#settings.clock.now();
    const verdict = this.#ceilings.follow(info, now);
    const doubted = this.#wish?.verdict ?? this.#doubted;
    this.#doubted = undefined;
    if (doubted !== undefined) return this.#confirm(doubted, info);
    if (verdict === undefined || this.#wish !== undefined) return;
    if (now - this.#startedAt < this.#settings.minUptime) return;
    const { gc } = this.#settings;
    if (gc === undefined) return this.#confirm(verdict, info);
    // V8 returns the pages of what it has collected a little later.
    this.#doubted = verdict;
    callReporting(gc, this.#report);
  };

  /** Retires, unless memory has recovered. */
  #confirm(verdict: CeilingVerdict, info: MemInfo): void {
    if (this.#ceilings.confirms(verdict, info)) {
      if (this.#wish === undefined) this.#want({ reason: { ...verdict, info }, verdict });
      else this.#askForTurn();
      return;
    }
    this.#ceilings.reset();
    this.#wish = undefined;
    this.#state = "running";
  }

  #want(wish: Wish): void {
    this.#wish = wish;
    this.#state = "waiting";
    this.#askForTurn();
  }

  #askForTurn(): void {
    if (this.#wish === undefined || this.#asking) return;
    const { turns, grace, deadline, closingTimeout } = this.#settings;
    if (turns === undefined) return this.#go();
    this.#asking = true;
    const take = async () => {
      const granted = await turns.take(grace + deadline + closingTimeout + MARGIN);
      this.#turnsFail = false;
      if (granted) this.#go();
    };
    void take().catch(this.#onTurnError).then(() => this.#asking = false);
  }

  #go(): void {
    if (this.#wish !== undefined && this.#state === "waiting") this.#retire(this.#wish.reason);
  }

  readonly #onSignal = (name: string): void => {
    const { clock } = this.#settings;
    const first = this.#signalAt ??= clock.now();
    // Whoever starts this process may pass on what its group was sent as well.
    if (clock.now() - first > COPIES) this.#waits.hurry();
    if (!this.ready) return;
    this.#retire({ cause: "signal", detail: `got ${name}`, ceiling: undefined, info: undefined });
  };

  #retire(reason: RetireReason): void {
    this.#reason = reason;
    this.#state = "retiring";
    this.#letGo();
    const { onRetiring } = this.#settings;
    callReporting(() => onRetiring?.(reason), this.#report);
    this.#controller.abort(new Error(`This process retires: ${reason.detail}`));
    const ending = {
      reason,
      servers: this.#servers,
      waits: this.#waits,
      report: this.#report,
      onState: (state: RetirementState) => void (this.#state = state),
    };
    // A further signal has its default action should `exit` not have ended the process.
    void endInOrder(this.#settings, ending).then(() => this.#finish());
  }

  /** Ends the sampling, and all that could make this process retire but signals. */
  #letGo(): void {
    for (const release of this.#releases.splice(0)) callReporting(release, this.#report);
  }

  #finish(): void {
    this.#waits.end();
    this.#offSignals();
    this.#onStopped();
    this.#end();
  }

  readonly #report = (error: unknown): void => {
    const { onError } = this.#settings;
    // An error of `onError` itself has no other place to go.
    callReporting(() => onError?.(error), () => {});
  };

  /** Reports what taking a turn failed with, once until it works again. */
  readonly #onTurnError = (error: unknown): void => {
    if (!this.#turnsFail) this.#report(error);
    this.#turnsFail = true;
  };
}
