import type { Scope } from "../scope.ts";
import { doing } from "./doing.ts";
import type { Reading } from "./gauge.ts";
import { evaluate, type GcPolicyLike } from "./policy.ts";
import type { Steering } from "./steering.ts";

/** The usage at which to collect next. The policy decides, and the engine is steered by it. */
export class Watermark {
  readonly #policy: GcPolicyLike;
  readonly #scope: Scope;
  readonly #steering: Steering | undefined;
  /** Bytes; `undefined`: the policy was not asked yet. */
  #at: number | undefined;
  #limit: number | undefined;
  /** Whether the engine was steered when the policy was last asked. */
  #steered: boolean | undefined;

  constructor(policy: GcPolicyLike, scope: Scope, steering: Steering | undefined) {
    this.#policy = policy;
    this.#scope = scope;
    this.#steering = steering;
  }

  /** The limit in bytes that the policy was last asked about. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** The watermark in bytes; `undefined`: the policy was not asked yet. */
  get bytes(): number | undefined {
    return this.#at;
  }

  /** Whether the engine is steered. */
  get steers(): boolean {
    return this.#steering?.active ?? false;
  }

  /** The watermark in bytes. Asks the policy if its last answer was for another situation. */
  at(reading: Reading): number {
    if (reading.limit !== this.#limit || this.steers !== this.#steered) this.renew(reading);
    return this.#at!;
  }

  /** Asks the policy. */
  renew({ used, limit }: Reading): void {
    const scope = this.#scope;
    const verdict = doing(
      "evaluating the policy",
      () => evaluate(this.#policy, { scope, used, limit }),
    );
    this.#limit = limit;
    doing("steering the engine", () => this.#steering?.steer(used, verdict));
    // A steered engine keeps to the watermarks itself; the limit is the backstop.
    this.#steered = this.steers;
    this.#at = this.#steered ? limit : verdict.immediate ? 0 : verdict.next;
  }

  /** Asks the policy, and lets its answer only lower the watermark. */
  lower(reading: Reading): void {
    const at = this.#at ?? Infinity;
    this.renew(reading);
    this.#at = Math.min(at, this.#at!);
  }
}
