import { isThenable } from "../thenable.ts";
import { doing } from "./doing.ts";
import type { CollectEvent, DisableEvent, FireEvent, IneffectiveEvent, Logger } from "./events.ts";

/** Told what user code threw or rejected with, and what it was called for. */
export type OnFailure = (failure: DisableEvent) => void;

/** If a hook returned a promise, reports its rejection. Without this, it would end the process. */
export function followPromise(result: unknown, during: string, onFailure: OnFailure): void {
  if (!isThenable(result)) return;
  Promise.resolve(result).then(undefined, (reason) => onFailure({ during, reason }));
}

/** The events of the hooks that a watchdog calls while it works. */
export interface HookEvents {
  onFire: FireEvent;
  beforeCollect: FireEvent;
  afterCollect: CollectEvent;
  onIneffective: IneffectiveEvent;
}

/** The hooks that the user gave. */
export type GivenHooks = {
  readonly [name in keyof HookEvents]?: ((event: HookEvents[name]) => unknown) | undefined;
};

/** Calls the user's hooks, and names the one that fails. */
export class Hooks {
  readonly #given: GivenHooks;
  readonly #onFailure: OnFailure;

  /** @param onFailure Called if a hook rejects later; none is awaited. */
  constructor(given: GivenHooks, onFailure: OnFailure) {
    this.#given = given;
    this.#onFailure = onFailure;
  }

  call<Name extends keyof HookEvents>(name: Name, event: HookEvents[Name]): void {
    const hook = this.#given[name];
    if (hook === undefined) return;
    const during = `calling ${name}`;
    doing(during, () => followPromise(hook(event), during, this.#onFailure));
  }
}

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The same logger, with the method that fails named, and promises followed. */
export function followLogger(logger: Logger, onFailure: OnFailure): Logger {
  const following: Logger = {};
  for (const level of LEVELS) {
    if (logger[level] === undefined) continue;
    const during = `calling logger.${level}`;
    following[level] = (message) =>
      doing(during, () => followPromise(logger[level]?.(message), during, onFailure));
  }
  return following;
}
