// Debian's prometheus and promtool, where they are installed.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { endProgram } from "./end_program.ts";

/** The folder with the files that users deploy. */
export const deployFolder: string = fileURLToPath(new URL("../../deploy", import.meta.url));

const DEPLOYED_RULES = path.join(deployFolder, "prometheus/memctl.rules.yml");

/** Why a program cannot be run; `undefined`: it can. */
export function missing(program: string, debianPackage: string): string | undefined {
  return spawnSync(program, ["--version"]).status === 0
    ? undefined
    : `needs ${program}, of Debian's package ${debianPackage}`;
}

/** What a query gives: one entry per series. */
export interface QueryResult {
  metric: Record<string, string>;
  value: [seconds: number, value: string];
}

/** A Prometheus on loopback, with a folder of its own that `stop()` removes. */
export class PrometheusServer {
  readonly folder: string = fs.mkdtempSync(path.join(os.tmpdir(), "memctl-prometheus-"));
  url = "";
  #child: ChildProcess | undefined;
  #log = "";

  /** Fills its database with history, in the text format of OpenMetrics. */
  backfill(openMetrics: string): void {
    const file = path.join(this.folder, "history.om");
    fs.writeFileSync(file, openMetrics);
    const args = [
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      file,
      path.join(this.folder, "data"),
    ];
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`promtool ${args.join(" ")}: ${stdout}${stderr}`);
  }

  /** Starts it, and waits until it answers. By default the rules are those that users deploy. */
  async start(config: string, rules: string = DEPLOYED_RULES): Promise<void> {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const file = path.join(this.folder, "prometheus.yml");
    fs.writeFileSync(file, `${config}\nrule_files: [${JSON.stringify(rules)}]\n`);
    const child = spawn("prometheus", [
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(this.folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    child.stderr.on("data", (chunk) => this.#log = (this.#log + chunk).slice(-10_000));
    await this.until("it is ready", async () => {
      const response = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok;
    });
  }

  /** What an API path answers; throws if that is an error. */
  async get(pathAndQuery: string): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${pathAndQuery}`);
    const { status, data, error } = await response.json();
    if (status !== "success") throw new Error(`${pathAndQuery}: ${error}`);
    return data;
  }

  async query(promql: string): Promise<QueryResult[]> {
    const { result } = await this.get(`query?query=${encodeURIComponent(promql)}`) as {
      result: QueryResult[];
    };
    return result;
  }

  /** Waits until `is` is true, a minute at most. */
  async until(what: string, is: () => Promise<unknown>): Promise<void> {
    const end = Date.now() + 60_000;
    while (!await is()) {
      if (this.#child?.exitCode !== null || Date.now() > end) {
        throw new Error(`${what}: not in a minute\n${this.#log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<void> {
    await endProgram(this.#child);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A port of loopback that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
