// The rules for Prometheus, by its own tools.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { everyMetric } from "../support/every_metric.ts";
import { deployFolder, missing } from "../support/prometheus_server.ts";

const folder = path.join(deployFolder, "prometheus");
const noPromtool = missing("promtool", "prometheus");
const noAmtool = missing("amtool", "prometheus-alertmanager");
for (const problem of [noPromtool, noAmtool]) {
  if (problem !== undefined) console.error(`SKIPPED, checks of the rules: ${problem}`);
}

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

const rules: Rule[] = read("memctl.rules.yml").groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);

function read(file: string) {
  return parse(fs.readFileSync(path.join(folder, file), "utf8"));
}

/** Runs a tool in the folder of the rules. */
function passes(program: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
}

describe("the rules for Prometheus", () => {
  it("pass their unit tests", { skip: noPromtool }, () => {
    passes("promtool", "test", "rules", "memctl.rules.test.yml");
  });

  it("and the configuration around them are valid", { skip: noPromtool }, () => {
    passes("promtool", "check", "config", "prometheus.yml");
  });

  it("go to an Alertmanager whose configuration is valid", { skip: noAmtool }, () => {
    passes("amtool", "check-config", "alertmanager.yml");
  });

  it("have a unit test that fires each alert, and a severity and texts in each", () => {
    const fired = new Set<string>();
    for (const { alert_rule_test = [] } of read("memctl.rules.test.yml").tests) {
      for (const { alertname, exp_alerts } of alert_rule_test) {
        if (exp_alerts.length > 0) fired.add(alertname);
      }
    }
    for (const { alert, labels, annotations } of rules) {
      if (alert === undefined) continue;
      assert.ok(fired.has(alert), `no unit test fires ${alert}`);
      assert.match(labels!.severity!, /^(info|warning|critical)$/, alert);
      assert.ok(annotations!.summary && annotations!.description, alert);
    }
  });

  it("ask only for metrics that exist", async () => {
    const known = new Set([
      ...Object.keys(await everyMetric(0)),
      ...rules.flatMap(({ record }) => record ?? []),
    ]);
    for (const { expr } of rules) {
      const names = expr.match(/\b(job:)?memctl[:_][\w:]+/g) ?? [];
      assert.deepEqual(names.filter((name) => !known.has(name)), [], expr);
    }
  });
});
