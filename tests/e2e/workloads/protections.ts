// The rules of others that load shedding is compared with, in their simplest form.

import { MiB, openSampler } from "../../../mod.ts";

/** A request that is admitted. */
export interface Admission {
  readonly admitted: true;
  readonly release: () => void;
}

const always: Admission = { admitted: true, release() {} };

/**
 * Admits or not, by the protection of this name: `"bare"` always; `"cap:N"` up
 * to N in flight; `"breaker"` by the rule of Elasticsearch's real-memory
 * circuit breaker: usage now, and the bytes of the request that are known before
 * it runs, must stay below 95 % of the limit; `"pressure"` by that of a maximum
 * resident set, sampled once a second.
 */
export function protections(name: string): () => Admission | undefined {
  if (name === "bare") return () => always;
  if (name.startsWith("cap:")) {
    const most = Number(name.slice(4));
    let inFlight = 0;
    return () => {
      if (inFlight >= most) return undefined;
      inFlight++;
      let released = false;
      return {
        admitted: true,
        release() {
          if (!released) inFlight--;
          released = true;
        },
      };
    };
  }
  if (name === "breaker") {
    const sampler = openSampler({ fields: ["headroom", "cgroupLimit"] });
    return () => {
      const info = sampler.sample();
      if (info instanceof Promise) return always;
      const limit = info.cgroupLimit ?? Infinity;
      return info.headroom()! < limit * 0.05 + KNOWN ? undefined : always;
    };
  }
  throw new Error(`no protection ${name}`);
}

/** Bytes of a request without a body that such a breaker knows. */
const KNOWN = 1 * MiB / 64;
