/** A kind of job, such as the requests of a route. */
export interface Kind {
  readonly key: string;
  readonly index: number;
  /** How many are in flight. */
  inFlight: number;
  /** Whether there was evidence of the bytes that one takes. */
  known: boolean;
  /** Whether it was seen to take most of the memory in use. Then low usage does not prove that it takes less. */
  proven: boolean;
  /** How many consecutive times evidence has changed the estimate little. */
  steady: number;
  /** The longest recent duration of one, in milliseconds. */
  duration: number;
  /** How many have started and ended in the window. */
  started: number;
  ended: number;
  /** When one was started last; `-Infinity`: never. */
  usedAt: number;
}

/** Maximum number of kinds. Jobs of any further kind count as one kind. */
const MOST_KINDS = 32;
/** After so many milliseconds without a job, another kind may take the place of a kind. */
const FORGET = 60_000;

/** A limited number of kinds, by key and by index. */
export class Kinds {
  readonly others: Kind = newKind("(others)", 0, -Infinity);
  readonly #all: Kind[] = [this.others];
  readonly #byKey = new Map<string, Kind>();

  /** All kinds, by index. */
  get all(): readonly Kind[] {
    return this.#all;
  }

  get(key: string): Kind | undefined {
    return this.#byKey.get(key);
  }

  /** Adds a kind, in the place of an unused one if need be; `undefined`: there is no place. */
  add(key: string, now: number): Kind | undefined {
    let index = this.#all.length;
    if (index >= MOST_KINDS) {
      index = this.#all.findIndex((kind) =>
        kind !== this.others && kind.inFlight === 0 && now - kind.usedAt >= FORGET
      );
      if (index < 0) return undefined;
      this.#byKey.delete(this.#all[index]!.key);
    }
    const kind = newKind(key, index, now);
    this.#all[index] = kind;
    this.#byKey.set(key, kind);
    return kind;
  }
}

function newKind(key: string, index: number, usedAt: number): Kind {
  return {
    key,
    index,
    inFlight: 0,
    known: false,
    proven: false,
    steady: 0,
    duration: 0,
    started: 0,
    ended: 0,
    usedAt,
  };
}
