import { AlreadyStartedError } from "./errors.ts";

/** Registered by name, so that two copies of the module know of each other. */
const RUNNING = Symbol.for("@x/memctl/watchdog");
const isolate = globalThis as { [RUNNING]?: Holder };

/** Stops a watchdog; the returned function starts it again. */
type GiveWay = () => () => void;

/** Who has the place. */
interface Holder {
  /** Set if this watchdog stops for another one. */
  giveWay?: GiveWay | undefined;
}

/** The isolate's one place for a watchdog. It is taken before code of the user's runs. */
export class Place implements Holder {
  giveWay: GiveWay | undefined;
  #restart: (() => void) | undefined;

  /** Whether a watchdog is running. */
  static get isTaken(): boolean {
    return isolate[RUNNING] !== undefined;
  }

  /** Lets the next watchdog take over from the one that is running. */
  static offer(giveWay: GiveWay): void {
    const holder = isolate[RUNNING];
    if (holder !== undefined) holder.giveWay = giveWay;
  }

  take(): void {
    this.#restart = isolate[RUNNING]?.giveWay?.();
    if (isolate[RUNNING] !== undefined) {
      throw new AlreadyStartedError("a watchdog is already running in this isolate: stop it first");
    }
    isolate[RUNNING] = this;
  }

  leave(): void {
    if (isolate[RUNNING] === this) delete isolate[RUNNING];
  }

  /** Leaves after a start that failed: the watchdog that gave way is started again. */
  giveBack(): void {
    this.leave();
    try {
      this.#restart?.();
    } catch {
      // It can run no more than the one that failed, and the error of that one is thrown.
    }
  }
}
