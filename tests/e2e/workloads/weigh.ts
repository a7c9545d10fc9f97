// How much the runtime itself takes, and how much one batch takes.

import { type MemInfo, openSampler } from "../../../mod.ts";
import { findForceGc } from "../../../src/host/gc.ts";
import { makeBatch } from "./start.ts";

const BATCHES = 40;

const sampler = openSampler({ usage: "workingSet" });
const gc = findForceGc()!;

function used(): number {
  gc();
  gc();
  const info = sampler.sample() as MemInfo;
  return info.cgroupWorkingSet ?? info.cgroupCurrent!;
}

const own = used();
const batches = Array.from({ length: BATCHES }, (_, i) => makeBatch(i));
const batch = (used() - own) / batches.length;
console.log(JSON.stringify({ own, batch }));
sampler.close();
