// Each query of the dashboard, asked of a real Prometheus with an hour of history.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { everyMetric } from "../support/every_metric.ts";
import { deployFolder, missing, PrometheusServer } from "../support/prometheus_server.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const dashboard = JSON.parse(
  fs.readFileSync(path.join(deployFolder, "grafana/memctl.json"), "utf8"),
);
const panels: Panel[] = dashboard.panels;
const problem = missing("prometheus", "prometheus") ?? missing("promtool", "prometheus");
if (problem !== undefined) console.error(`SKIPPED, the queries of the dashboard: ${problem}`);

/** A query with the variables of the dashboard as Grafana fills them in for "All". */
function filled(expr: string): string {
  return expr.replaceAll(/\$(job|instance)\b/g, ".*").replaceAll("$__rate_interval", "1m");
}

/** An hour of two processes, a sample each 15 s, up to now. */
async function history(): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const families = new Map<string, string[]>();
  for (let seconds = 0; seconds <= 3_600; seconds += 15) {
    for (const [name, { type, series }] of Object.entries(await everyMetric(seconds))) {
      const family = name.replace(/_total$/, "");
      const lines = families.get(family) ?? [`# TYPE ${family} ${type}`];
      families.set(family, lines);
      for (const [labels, value] of Object.entries(series)) {
        for (const instance of ["a:8000", "b:8000"]) {
          const all = [`job="shop"`, `instance="${instance}"`, labels.slice(1, -1)].filter(Boolean);
          lines.push(`${name}{${all}} ${value} ${now - 3_600 + seconds}`);
        }
      }
    }
  }
  return `${[...families.values()].flat().join("\n")}\n# EOF\n`;
}

describe("the dashboard for Grafana", { skip: problem }, () => {
  const server = new PrometheusServer();
  before(async () => {
    server.backfill(await history());
    await server.start("global: { evaluation_interval: 1s }");
    await server.until(
      "the rules were evaluated",
      async () => (await server.query("job:memctl_requests_rejected:rate5m")).length > 0,
    );
  });
  after(() => server.stop());

  for (const { title, type, targets = [] } of panels) {
    if (type === "row") continue;
    it(`has data in "${title}"`, async () => {
      assert.ok(targets.length > 0);
      for (const { expr } of targets) {
        const result = await server.query(filled(expr));
        assert.ok(result.length > 0, `no data: ${expr}`);
        for (const { value } of result) assert.notEqual(value[1], "NaN", expr);
      }
    });
  }

  it("offers jobs and instances to choose from, and its annotations can be asked for", async () => {
    for (const { type, definition } of dashboard.templating.list) {
      if (type !== "query") continue;
      const [, selector, label] = /^label_values\((.*), (\w+)\)$/.exec(definition)!;
      const match = encodeURIComponent(filled(selector!));
      const values = await server.get(`label/${label}/values?match[]=${match}`);
      assert.deepEqual(values, label === "job" ? ["shop"] : ["a:8000", "b:8000"]);
    }
    for (const { expr } of dashboard.annotations.list) await server.query(expr);
  });

  it("shows the figures of the fleet", async () => {
    const value = async (title: string) => {
      const [{ expr }] = panels.find((panel) => panel.title === title)!.targets as [
        { expr: string },
      ];
      return Number((await server.query(filled(expr)))[0]!.value[1]);
    };
    assert.equal(await value("Processes"), 2);
    // 300 MiB less 110 MiB, and less 32 KiB a second for an hour.
    assert.ok(Math.abs(await value("Minimum headroom") - (190 - 112.5) / 300) < 0.001);
    const left = await value("Minimum time to exhaustion");
    assert.ok(Math.abs(left - 77.5 * 32) < 5, `${left} s`);
  });
});

describe("the panels of the dashboard", () => {
  it("have ids and places of their own", () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos: { x, y, w, h } } of panels) {
      assert.ok(x + w <= 24, title);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          assert.ok(!taken.has(`${column},${row}`), `${title} covers another panel`);
          taken.add(`${column},${row}`);
        }
      }
    }
  });
});
