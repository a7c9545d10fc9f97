// A fleet of real processes, each in a cgroup of its own, scraped by a real
// Prometheus with the rules that users deploy. Needs root, a writable memory
// hierarchy, and Debian's prometheus and prometheus-alertmanager.
//
// MEMCTL_FLEET is how many processes of each runtime there are, 20 by default.
// MEMCTL_FLEET_PACE is how many times faster than deployed the rules run, 5 by
// default. At a pace of 1 the fleet takes about 17 minutes.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { findHierarchy } from "../e2e/child_group.ts";
import { deployFolder, freePort, missing, PrometheusServer } from "../support/prometheus_server.ts";
import { findRuntimes } from "../support/runtimes.ts";
import { Alertmanager } from "./alertmanager.ts";
import { FleetProcess } from "./fleet_process.ts";
import { hurryRules } from "./pace.ts";
import { LIMIT, type Role } from "./roles.ts";

const EACH = Number(process.env.MEMCTL_FLEET ?? 20);
const PACE = Number(process.env.MEMCTL_FLEET_PACE ?? 5);
const SPECIAL: Role[] = ["leaks", "writes files", "sheds", "restarts"];
/** Milliseconds. The leak fills its container in about a third of this. */
const LONGEST = 45 * 60_000 / PACE;

const hierarchy = findHierarchy();
const problem = hierarchy.problem ?? missing("prometheus", "prometheus") ??
  missing("prometheus-alertmanager", "prometheus-alertmanager");
if (problem !== undefined) console.error(`SKIPPED, the fleet: ${problem}`);

/** Waits until `is` is true. */
async function until(what: string, is: () => unknown, milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!is()) {
    if (performance.now() > end) throw new Error(`${what}: not in ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("a fleet", { skip: problem, timeout: LONGEST + 180_000 }, () => {
  const server = new PrometheusServer();
  const alertmanager = new Alertmanager();
  const fleet: FleetProcess[] = [];
  const of = (role: Role) => fleet.find((process) => process.role === role)!;
  const value = async (promql: string) => Number((await server.query(promql))[0]?.value[1]);

  before(async () => {
    const runtimes = findRuntimes();
    assert.equal(runtimes.length, 3, "needs deno, bun and node");
    const surroundings = {
      hierarchy: hierarchy as typeof hierarchy & { problem?: never },
      port: await freePort(),
      folder: server.folder,
      pace: PACE,
    };
    for (let i = 0; i < EACH * 3; i++) {
      fleet.push(new FleetProcess(i, runtimes[i % 3]!, SPECIAL[i] ?? "rests", surroundings));
    }
    const rules = path.join(server.folder, "rules.yml");
    const deployed = fs.readFileSync(
      path.join(deployFolder, "prometheus/memctl.rules.yml"),
      "utf8",
    );
    fs.writeFileSync(rules, hurryRules(deployed, PACE).rules);
    const interval = `${Math.round(15_000 / PACE)}ms`;
    const targets = runtimes.map(({ name: runtime }) => ({
      targets: fleet.filter((process) => process.runtime === runtime).map((p) => p.instance),
      labels: { runtime },
    }));
    const managers = [{
      static_configs: [{ targets: [await alertmanager.start(server.folder, PACE)] }],
    }];
    await server.start(
      `
global: { scrape_interval: ${interval}, evaluation_interval: ${interval} }
alerting: { alertmanagers: ${JSON.stringify(managers)} }
scrape_configs: [{ job_name: fleet, static_configs: ${JSON.stringify(targets)} }]
`,
      rules,
    );
    const waiting = [...fleet];
    // Two at a time: all at once, they would take much longer than the scrapes may.
    await Promise.all([1, 2].map(async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await next.start();
      }
    }));
  });

  after(async () => {
    // The processes first: one writes into the folder that the server removes.
    await Promise.all(fleet.map((process) => process.remove()));
    await alertmanager.stop();
    await server.stop();
  });

  it("is summed up by the recording rules", async () => {
    // One of them restarts, so at times it is not there.
    await server.until("the rules were evaluated with each process", async () => {
      return await value("job:memctl_processes:count") >= fleet.length - 1;
    });
    const total = await value("job:memctl_process_resident_bytes:sum / 1048576");
    const each = total / fleet.length;
    assert.ok(each > 20 && each < 150, `${each} MiB each`);
    const least = await value("job:memctl_memory_headroom:min_ratio");
    assert.ok(least > 0 && least < 1, `${least}`);
    console.log(`${fleet.length} processes, ${total.toFixed(0)} MiB in all`);
  });

  it("has its leak alerted at least 60 s before the OOM kill, and nobody else", async () => {
    const leak = of("leaks");
    await until("the leak is OOM-killed", () => leak.ended !== undefined, LONGEST);
    const { notices } = alertmanager;
    const soon = notices.filter(({ alert }) => alert === "MemctlMemoryExhaustionSoon");
    assert.ok(soon.length > 0, `no alert: ${JSON.stringify(notices)}\n${alertmanager.log}`);
    const early = (leak.ended! - soon[0]!.at) / 1_000;
    console.log(`the alert came ${early.toFixed(0)} s before the OOM kill`);
    assert.ok(early >= 60, `${early} s`);
    assert.deepEqual(new Set(soon.map(({ instance }) => instance)), new Set([leak.instance]));
  });

  it("has one that sheds, which another alert names after a while", async () => {
    const { instance } = of("sheds");
    const [rejecting, ...others] = await server.query("memctl:requests_rejected:ratio_rate5m > 0");
    assert.deepEqual([rejecting?.metric.instance, others], [instance, []]);
    const long = () => alertmanager.notices.some(({ alert }) => alert === "MemctlSheddingLong");
    await until("the alert comes", long, LONGEST);
    // What is left of all notices: the leak's headroom may have been low before it was killed.
    for (const notice of alertmanager.notices) {
      const name = notice.alert === "MemctlSheddingLong" ? instance : of("leaks").instance;
      assert.equal(notice.instance, name, notice.alert);
    }
  });

  it("has one whose page cache looks like usage, which headroom tells apart", async () => {
    // Over minutes, because the host may drop its caches at any time.
    const over = `{instance="${of("writes files").instance}"}[5m]`;
    const usage = await value(`max_over_time(memctl_cgroup_usage_bytes${over})`);
    const headroom = await value(`min_over_time(memctl:memory_headroom:ratio${over})`);
    assert.ok(usage > 0.9 * LIMIT, `usage ${usage}`);
    assert.ok(headroom > 0.4, `headroom ${headroom}`);
  });

  it("has one that restarts in a loop and fills half of its limit each time", async () => {
    const restarts = of("restarts");
    assert.ok(restarts.starts > 3, `${restarts.starts} starts: ${restarts.output}`);
    const over = `{instance="${restarts.instance}"}[5m]`;
    const headroom = await value(`min_over_time(memctl:memory_headroom:ratio${over})`);
    assert.ok(headroom < 0.5, `headroom ${headroom}`);
  });

  it("tells what a scrape costs", async () => {
    const rate = (name: string) =>
      `increase(${name}{instance!~"${SPECIAL.map((role) => of(role).instance).join("|")}"}[1m])`;
    const median = (name: string) =>
      `quantile by (runtime) (0.5, ${rate(name)} / ${rate("fleet_scrapes_total")})`;
    for (const { metric, value } of await server.query(median("fleet_collecting_seconds_total"))) {
      const milliseconds = Number(value[1]) * 1_000;
      console.log(`${metric.runtime}: ${milliseconds.toFixed(2)} ms of CPU in registry.metrics()`);
      // Not the goal, which is 1 ms on a host that does nothing else: only a gross mistake.
      assert.ok(milliseconds > 0 && milliseconds < 8, `${milliseconds} ms`);
    }
    for (const { metric, value } of await server.query(median("fleet_cpu_seconds_total"))) {
      console.log(
        `${metric.runtime}: ${(Number(value[1]) * 1e3).toFixed(2)} ms with HTTP and idling`,
      );
    }
  });
});

describe("the rules with a faster clock", () => {
  it("have each duration divided, and are the deployed ones at a pace of 1", () => {
    const deployed = fs.readFileSync(
      path.join(deployFolder, "prometheus/memctl.rules.yml"),
      "utf8",
    );
    const durations = deployed.replace(/#.*$/gm, "").match(/\b\d+m\b|\b1800\b/g)!;
    const { rules, durations: found } = hurryRules(deployed, 10);
    assert.equal(found, durations.length);
    assert.match(rules, /^ +for: 12000ms$/m);
    assert.match(rules, /memctl:memory_exhaustion:seconds < 180$/m);
  });
});
