import { AlreadyStartedError } from "./errors.ts";

/** Registered by name, so that two copies of the module know of each other. */
const RUNNING = Symbol.for("@x/memctl/watchdog");
const isolate = globalThis as { [RUNNING]?: unknown };

/** The isolate's one place for a watchdog. It is taken before code of the user's runs. */
export class Place {
  take(): void {
    if (isolate[RUNNING] !== undefined) {
      throw new AlreadyStartedError("a watchdog is already running in this isolate: stop it first");
    }
    isolate[RUNNING] = this;
  }

  leave(): void {
    if (isolate[RUNNING] === this) delete isolate[RUNNING];
  }
}
