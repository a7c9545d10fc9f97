// A fleet of real processes, each in a cgroup of its own, scraped by a real
// Prometheus with the rules that users deploy. Needs root, a writable memory
// hierarchy, and Debian's prometheus and prometheus-alertmanager.
// MEMCTL_FLEET is how many processes of each runtime there are, 20 by default.

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ChildGroup, findHierarchy } from "../e2e/child_group.ts";
import { freePort, missing, PrometheusServer } from "../support/prometheus_server.ts";
import { findRuntimes, type Runtime } from "../support/runtimes.ts";
import { Alertmanager } from "./alertmanager.ts";
import type { Role } from "./roles.ts";

const MIB = 1024 * 1024;
const LIMIT = 256 * MIB;
const EACH = Number(process.env.MEMCTL_FLEET ?? 20);
/** The leak fills its container in about eight minutes. */
const LONGEST = 15 * 60_000;

const hierarchy = findHierarchy();
const problem = hierarchy.problem ?? missing("prometheus", "prometheus") ??
  missing("prometheus-alertmanager", "prometheus-alertmanager");
if (problem !== undefined) console.error(`SKIPPED, the fleet: ${problem}`);

/** One process of the fleet, which may be started again. */
class Member {
  readonly role: Role;
  readonly port: number;
  readonly group: ChildGroup;
  readonly #command: string[];
  #child: ChildProcess | undefined;
  starts = 0;
  /** When it ended. */
  ended: number | undefined;
  #stopped = false;

  constructor({ command }: Runtime, role: Role, port: number, group: ChildGroup, folder: string) {
    const file = fileURLToPath(new URL("member.ts", import.meta.url));
    this.role = role;
    this.port = port;
    this.group = group;
    this.#command = [...command, file, role, String(port), path.join(folder, `${port}`)];
  }

  get instance(): string {
    return `127.0.0.1:${this.port}`;
  }

  start(): void {
    this.starts++;
    const child = this.group.spawn(this.#command);
    this.#child = child;
    child.stdout?.resume();
    child.stderr?.resume();
    child.once("close", () => {
      this.ended = performance.now();
      if (this.role === "restarts" && !this.#stopped) this.start();
    });
  }

  async remove(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill("SIGKILL");
    await this.group.remove();
  }
}

describe("a fleet", { skip: problem, timeout: LONGEST + 300_000 }, () => {
  const server = new PrometheusServer();
  const alertmanager = new Alertmanager();
  const members: Member[] = [];
  const of = (role: Role) => members.find((member) => member.role === role)!;

  before(async () => {
    const runtimes = findRuntimes();
    assert.equal(runtimes.length, 3, "needs deno, bun and node");
    const special: Role[] = ["leaks", "writes files", "sheds", "restarts"];
    for (let i = 0; i < EACH * 3; i++) {
      const { version, folder } = hierarchy as { version: 1 | 2; folder: string };
      const group = new ChildGroup(version, folder);
      group.forbidSwap();
      group.setLimit(LIMIT);
      const runtime = runtimes[i % 3]!;
      const member = new Member(
        runtime,
        special[i] ?? "rests",
        await freePort(),
        group,
        server.folder,
      );
      members.push(member);
      member.start();
      // Not all at once: their start would keep both processors busy for long.
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const address = await alertmanager.start(server.folder);
    await server.start(`
global: { scrape_interval: 5s, evaluation_interval: 5s }
alerting: { alertmanagers: [{ static_configs: [{ targets: [${JSON.stringify(address)}] }] }] }
scrape_configs:
  - job_name: fleet
    static_configs: [{ targets: ${JSON.stringify(members.map(({ instance }) => instance))} }]
`);
    await server.until(
      "all are scraped",
      async () => (await server.query("up == 1")).length >= members.length - 1,
    );
  });

  after(async () => {
    // The members first: one writes into the folder that the server removes.
    for (const member of members) await member.remove();
    await alertmanager.stop();
    await server.stop();
  });

  it("is summed up by the recording rules", async () => {
    await server.until("the rules were evaluated", async () => {
      const [count] = await server.query("job:memctl_processes:count");
      return Number(count?.value[1]) >= members.length - 1;
    });
    const [sum] = await server.query("job:memctl_process_resident_bytes:sum / 1048576");
    const each = Number(sum!.value[1]) / members.length;
    assert.ok(each > 20 && each < 150, `${each} MiB each`);
    const [least] = await server.query("job:memctl_memory_headroom:min_ratio");
    assert.ok(Number(least!.value[1]) > 0 && Number(least!.value[1]) < 1);
  });

  it("has its leak alerted at least 60 s before the OOM kill, and nothing else", async () => {
    const leak = of("leaks");
    const end = performance.now() + LONGEST;
    while (leak.ended === undefined && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    assert.ok(leak.ended !== undefined, "the leak was not OOM-killed in time");
    const { notices } = alertmanager;
    const first = notices.find(({ alert }) => alert === "MemctlMemoryExhaustionSoon");
    assert.ok(first !== undefined, `no alert: ${JSON.stringify(notices)}\n${alertmanager.log}`);
    const early = (leak.ended - first.at) / 1_000;
    console.log(`the alert came ${early.toFixed(0)} s before the OOM kill`);
    assert.ok(early >= 60, `${early} s`);
    assert.deepEqual(new Set(notices.map(({ instance }) => instance)), new Set([leak.instance]));
  });

  it("has a process whose page cache looks like usage, which headroom tells apart", async () => {
    const { instance } = of("writes files");
    const value = async (promql: string) => Number((await server.query(promql))[0]?.value[1]);
    // Over minutes, because the host may drop its caches at any time.
    const over = `{instance="${instance}"}[5m]`;
    const usage = await value(`max_over_time(memctl_cgroup_usage_bytes${over})`);
    const headroom = await value(`min_over_time(memctl:memory_headroom:ratio${over})`);
    assert.ok(usage > 0.9 * LIMIT, `usage ${usage}`);
    assert.ok(headroom > 0.4, `headroom ${headroom}`);
  });

  it("has one that sheds, and one that restarts in a loop", async () => {
    const [shed, ...others] = await server.query("memctl:requests_rejected:ratio_rate5m > 0");
    assert.deepEqual([shed?.metric.instance, others], [of("sheds").instance, []]);
    assert.ok(of("restarts").starts > 3);
  });

  it("tells what a scrape costs", async () => {
    const costs = await server.query(
      "quantile(0.5, increase(fleet_scrape_cpu_seconds_total[3m]) / increase(fleet_scrapes_total[3m]))",
    );
    const milliseconds = Number(costs[0]!.value[1]) * 1_000;
    // Not a bound: the time depends on what else the host does.
    console.log(`a scrape costs ${milliseconds.toFixed(2)} ms of CPU, the median of the processes`);
    assert.ok(milliseconds > 0);
  });
});
