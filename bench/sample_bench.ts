// What one sample costs, and each part of it: `deno task bench`.

import fs from "node:fs";
import process from "node:process";
import v8 from "node:v8";
import { bytes } from "../platform/kernel_file.ts";
import { parseLimit, parseUsage } from "../platform/linux/cgroup_files.ts";
import { parseMeminfo } from "../platform/linux/proc_meminfo.ts";
import { parseStatmResident } from "../platform/linux/proc_self_statm.ts";
import { MemInfo, openSampler } from "../mod.ts";

const whole = openSampler();
const workingSet = openSampler({ usage: "workingSet" });
const runtime = openSampler({ adapter: "runtime" });
const { signals } = whole;

Deno.bench("one sample", { group: "sample", baseline: true }, () => void whole.sample());
Deno.bench("one sample with working set", { group: "sample" }, () => void workingSet.sample());
Deno.bench("one sample, runtime only", { group: "sample" }, () => void runtime.sample());
Deno.bench("process.memoryUsage()", { group: "sample" }, () => void process.memoryUsage());

const files = {
  meminfo: "/proc/meminfo",
  statm: "/proc/self/statm",
  ...(fs.existsSync(signals.cgroupLimit.source) && { cgroup: signals.cgroupLimit.source }),
};
for (const [name, path] of Object.entries(files)) {
  if (!fs.existsSync(path) || fs.statSync(path).isDirectory()) continue;
  const fd = fs.openSync(path, "r");
  Deno.bench(`read ${name}`, { group: "part" }, () => {
    fs.readSync(fd, bytes, 0, bytes.length, 0);
  });
}
Deno.bench("V8 heap statistics", { group: "part" }, () => void v8.getHeapStatistics());

const encode = (text: string) => new TextEncoder().encode(text);
const meminfo = encode(
  "MemTotal:  24684092 kB\nMemFree:  24401732 kB\nMemAvailable:  24349632 kB\n",
);
const statm = encode("4538791 10227 6611 15604 0 139862 0\n");
const limit = encode("9223372036854771712\n");
const usage = encode("146399232\n");
const out = { total: undefined, available: undefined };
const fields = { at: 1, systemAvailable: 2 ** 34, systemTotal: 2 ** 34, processRss: 2 ** 26 };

Deno.bench("parse meminfo", { group: "part" }, () => parseMeminfo(meminfo, meminfo.length, out));
Deno.bench("parse statm", { group: "part" }, () => void parseStatmResident(statm, statm.length));
Deno.bench("parse limit and usage", { group: "part" }, () => {
  parseLimit(limit, limit.length);
  parseUsage(usage, usage.length);
});
Deno.bench("make a MemInfo", { group: "part" }, () => void new MemInfo(fields));
