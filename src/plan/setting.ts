/**
 * One flag or environment variable of a plan.
 *
 * @since 0.1.0
 */
export interface Setting {
  /** The flag or variable, such as `"--max-old-space-size"` or `"NODE_OPTIONS"`. */
  readonly name: string;
  /** The value. For a variable that already has one: the old value with the new flags behind it. */
  readonly value: string;
  /** Why it is set. */
  readonly reason: string;
}

/**
 * Environment variables by name. `process.env` is one.
 *
 * @since 0.1.0
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting of the user's, which takes precedence. */
export function kept(name: string, value: string): Setting {
  return { name, value, reason: "it was set already, so the plan leaves it" };
}

/** Settings, and those of the user that take precedence. */
export interface Settings {
  readonly flags: readonly Setting[];
  readonly environment: readonly Setting[];
  readonly kept: readonly Setting[];
}

/** What the settings of a runtime are made from. Sizes are bytes. */
export interface Sizes {
  /** Limit of the old generation of each isolate. */
  readonly heap: number;
  /** Size of one semi-space. V8 has up to three. */
  readonly semiSpace: number;
  /** Memory of the process. */
  readonly share: number;
}

/** What the user has set already. */
export interface Given {
  readonly environment: Environment;
  readonly flags: readonly string[];
}
