// Which fields of a snapshot are read.

import { checkOneOf, show } from "./check.ts";
import { SIGNAL_NAMES, type SignalName } from "./signal_names.ts";
import type { Usage } from "./sampler.ts";

/**
 * What the option `fields` can name: a field of {@linkcode MemInfo}, or
 * `"headroom"` for the fields that {@linkcode MemInfo.headroom} needs. Under an
 * effective cgroup limit these are `cgroupLimit` and `cgroupCurrent`, and with
 * `usage: "workingSet"` also `cgroupWorkingSet`. Otherwise they are
 * `systemAvailable` and `systemTotal`.
 *
 * @since 0.1.0
 */
export type SampledField = SignalName | "headroom";

/** What one sampler reads for each snapshot. */
export interface Wanted extends Readonly<Record<SignalName, boolean>> {
  /** Equal for equal wishes. */
  readonly key: string;
  /** The limit that the user stated, in bytes; `Infinity`: none. */
  readonly limit: number;
  /** Whether the fields are there that `headroom()` needs. */
  readonly headroom: boolean;
  /** Whether usage is the working set. */
  readonly workingSet: boolean;
  /** Whether the cgroup's usage is wanted where no limit is effective. */
  readonly ownUsage: boolean;
  /** Whether any figure of the cgroup is needed. */
  readonly cgroup: boolean;
  /** Whether any figure of the engine is. */
  readonly engine: boolean;
}

const FIELDS: readonly string[] = [...SIGNAL_NAMES, "headroom"];

/** The part of a sampler's options that says what is read. */
interface Wishes {
  readonly usage?: Usage | undefined;
  readonly pressure?: boolean | undefined;
  readonly fields?: readonly SampledField[] | undefined;
  readonly limit?: number | undefined;
}

/**
 * Checks the option `fields`.
 *
 * @returns A copy.
 * @throws {TypeError} If it is not an array, or contradicts another option.
 * @throws {RangeError} If it is empty or names an unknown field.
 */
export function readFields(
  fields: Wishes["fields"],
  { usage, pressure }: Pick<Wishes, "usage" | "pressure">,
): Wishes["fields"] {
  if (fields === undefined) return undefined;
  if (!Array.isArray(fields)) {
    throw new TypeError(
      `'fields' must be an array of field names: current value is ${show(fields)}`,
    );
  }
  const own: SampledField[] = [...fields];
  if (own.length === 0) {
    throw new RangeError("'fields' must name at least one field: current value is none");
  }
  for (const field of own) {
    if (field === undefined) {
      throw new TypeError("'fields' must hold field names: current value is undefined");
    }
    checkOneOf("fields", field, FIELDS);
  }
  if (own.includes("cgroupWorkingSet") && usage === "current") {
    throw new TypeError(
      `'fields' must not name "cgroupWorkingSet" together with usage "current": current value of ` +
        `'usage' is "current"`,
    );
  }
  if (own.includes("pressure") && pressure === false) {
    throw new TypeError(
      `'fields' must not name "pressure" together with pressure false: current value of ` +
        `'pressure' is false`,
    );
  }
  return own;
}

/** What a sampler with these options, which were checked, reads. */
export function wantedOf({ usage, pressure = false, fields, limit = Infinity }: Wishes): Wanted {
  const has = (name: SampledField) => fields === undefined || fields.includes(name);
  const headroom = has("headroom");
  const named = fields?.includes("cgroupWorkingSet") === true;
  const workingSet = named || (usage === "workingSet" && headroom);
  const wishes = Object.fromEntries(SIGNAL_NAMES.map((name) => [name, has(name)])) as Record<
    SignalName,
    boolean
  >;
  wishes.cgroupWorkingSet = workingSet;
  wishes.pressure = pressure || fields?.includes("pressure") === true;
  const { cgroupCurrent, cgroupLimit, runtimeTotal, heapUsed, heapLimit } = wishes;
  const ownUsage = cgroupCurrent || named;
  const flags = [...SIGNAL_NAMES.map((name) => wishes[name]), headroom, ownUsage];
  return {
    ...wishes,
    key: `${flags.map(Number).join("")} ${limit}`,
    limit,
    headroom,
    workingSet,
    ownUsage,
    cgroup: headroom || cgroupCurrent || cgroupLimit || workingSet,
    engine: runtimeTotal || heapUsed || heapLimit,
  };
}
