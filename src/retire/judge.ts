import { formatBytes } from "../bytes.ts";
import type { MemInfo } from "../mem_info.ts";
import { type Trend, trend } from "../policy/trend.ts";
import { inBytes, type ParsedSize, showSize, wholeOf } from "../size.ts";
import type { Rules } from "./settings.ts";

/** A rule that applies. */
export interface Verdict {
  readonly cause: "level" | "trend" | "ineffective";
  readonly detail: string;
}

/** Bytes by which this process has grown; `undefined`: unknown. */
type Gain = number | undefined;

interface Rule {
  readonly cause: Verdict["cause"];
  /**
   * Takes each sample; returns why to retire, once the rule has applied for its
   * time, to stand behind the headroom.
   */
  follow(info: MemInfo, gain: Gain, now: number): string | undefined;
  /** Whether it still applies after a garbage collection. */
  confirms(info: MemInfo, gain: Gain): boolean;
  /** Forgets the samples so far. */
  reset(): void;
}

/**
 * Tells when memory is a reason to retire. No rule applies while an exit would
 * not help, because this process has not grown by what is missing: then the
 * memory is another process's, or a new process would take as much.
 */
export class Judge {
  readonly #rules: readonly Rule[];
  readonly #name: string;
  /** The smallest resident set since the process was up. */
  #baseline = Infinity;

  /** @param name What headroom is called in the details. */
  constructor({ level, trend, ineffective }: Rules, interval: number, name: string) {
    this.#rules = [
      ...trend === undefined ? [] : [trendRule(trend, interval)],
      ...ineffective === undefined ? [] : [ineffectiveRule(ineffective)],
      ...level === undefined ? [] : [levelRule(level)],
    ];
    this.#name = name;
  }

  /** Takes this process for one that is up and has not grown yet. */
  restart(): void {
    this.#baseline = Infinity;
    this.reset();
  }

  /** Forgets the samples so far, but not how much the process has grown. */
  reset(): void {
    for (const rule of this.#rules) rule.reset();
  }

  /** Takes a sample; returns the first rule that has applied for its time. */
  follow(info: MemInfo, now: number): Verdict | undefined {
    this.#baseline = Math.min(this.#baseline, info.processRss ?? Infinity);
    const gain = this.#gain(info);
    let verdict: Verdict | undefined;
    for (const rule of this.#rules) {
      const detail = rule.follow(info, gain, now);
      if (detail === undefined) continue;
      verdict ??= { cause: rule.cause, detail: `${this.#name} is ${shown(info)}${detail}` };
    }
    return verdict;
  }

  /** Whether the verdict holds for a sample that a garbage collection came before. */
  confirms(verdict: Verdict, info: MemInfo): boolean {
    const rule = this.#rules.find(({ cause }) => cause === verdict.cause);
    return rule?.confirms(info, this.#gain(info)) ?? false;
  }

  #gain({ processRss }: MemInfo): Gain {
    return processRss === undefined ? undefined : processRss - this.#baseline;
  }
}

function levelRule({ headroom, for: duration }: NonNullable<Rules["level"]>): Rule {
  let since: number | undefined;
  return {
    cause: "level",
    follow(info, gain, now) {
      since = isLow(info, headroom, gain) ? since ?? now : undefined;
      if (since === undefined || now - since < duration) return undefined;
      return `, and has been below ${sizeOf(headroom)} for ${seconds(now - since)}`;
    },
    confirms: (info, gain) => isLow(info, headroom, gain),
    reset: () => since = undefined,
  };
}

function ineffectiveRule(
  { watchdog, headroom, for: duration }: NonNullable<Rules["ineffective"]>,
): Rule {
  let last = copy(watchdog.counters);
  let since: number | undefined;
  let consecutive = 0;
  const reset = () => {
    since = undefined;
    consecutive = 0;
  };
  return {
    cause: "ineffective",
    follow(info, gain, now) {
      const next = copy(watchdog.counters);
      const forced = next.forced - last.forced;
      const ineffective = next.ineffective - last.ineffective;
      last = next;
      if (ineffective < forced) reset();
      if (ineffective > 0) {
        since ??= now;
        consecutive += ineffective;
      }
      if (since === undefined || consecutive < 2 || now - since < duration) return undefined;
      if (!isLow(info, headroom, gain)) return undefined;
      const time = seconds(now - since);
      return `, and ${consecutive} forced garbage collections in ${time} freed next to nothing`;
    },
    confirms: (info, gain) => isLow(info, headroom, gain),
    reset,
  };
}

function copy({ forced, ineffective }: { forced: number; ineffective: number }) {
  return { forced, ineffective };
}

/**
 * The median slope of a long time does not see what has just begun, such as one
 * big request, and that of a short time does not see what has just ended.
 */
function trendRule(
  { secondsLeft, over, headroom: threshold }: NonNullable<Rules["trend"]>,
  interval: number,
): Rule {
  const samples = Math.min(1_000, Math.round(over / interval));
  let long = trend({ samples });
  let short = trend({ samples: Math.max(3, Math.round(samples / 4)) });
  let taken = 0;
  let since: number | undefined;
  let rate = 0;
  const isShort = (trend: Trend | undefined) =>
    trend !== undefined && trend.secondsLeft < secondsLeft;
  return {
    cause: "trend",
    follow(info, gain, now) {
      const [recent, latest] = [long(info), short(info)];
      taken++;
      const applies = taken >= samples && isShort(recent) && isShort(latest) &&
        isBelow(info, threshold) && helps(gain, info.headroom()! / 4);
      since = applies ? since ?? now : undefined;
      if (since === undefined || now - since < over / 4) return undefined;
      rate = recent!.bytesPerSecond;
      const left = seconds(recent!.secondsLeft * 1_000);
      return ` and shrinks by ${formatBytes(rate)} a second, so that ${left} are left`;
    },
    confirms(info, gain) {
      const headroom = info.headroom();
      return headroom !== undefined && headroom / rate < secondsLeft &&
        isBelow(info, threshold) && helps(gain, headroom / 4);
    },
    reset() {
      long = trend({ samples });
      short = trend({ samples: Math.max(3, Math.round(samples / 4)) });
      taken = 0;
      since = undefined;
    },
  };
}

/** Whether headroom is below this, and an exit would bring it above. */
function isLow(info: MemInfo, threshold: ParsedSize, gain: Gain): boolean {
  return isBelow(info, threshold) && helps(gain, missing(info, threshold));
}

function isBelow(info: MemInfo, threshold: ParsedSize): boolean {
  return missing(info, threshold) > 0;
}

/** Bytes of headroom that the threshold is above; NaN: unknown, or a share of something unknown. */
function missing(info: MemInfo, threshold: ParsedSize): number {
  return inBytes(threshold, wholeOf(info)) - (info.headroom() ?? NaN);
}

/** Whether an exit gives back what is missing, as far as that is known. */
function helps(gain: Gain, missing: number): boolean {
  return gain === undefined || gain >= missing;
}

function shown(info: MemInfo): string {
  return formatBytes(info.headroom()!);
}

function sizeOf(size: ParsedSize): string {
  return size.isShare ? showSize(size).replaceAll('"', "") : formatBytes(size.value);
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1_000).toFixed(1))} s`;
}
