// Debian's Alertmanager with the configuration that users deploy, and a
// receiver that notes what it is told.

import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { endProgram } from "../support/end_program.ts";
import { deployFolder, freePort } from "../support/prometheus_server.ts";
import { hurryRoutes } from "./pace.ts";

/** An alert, and when the receiver was told of it. */
export interface Notice {
  at: number;
  alert: string;
  instance: string;
}

/** An Alertmanager on loopback. */
export class Alertmanager {
  readonly notices: Notice[] = [];
  readonly #receiver: http.Server;
  #child: ChildProcess | undefined;
  #log = "";

  constructor() {
    this.#receiver = http.createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      for (const { status, labels } of JSON.parse(body).alerts) {
        if (status !== "firing") continue;
        const { alertname: alert, instance } = labels;
        this.notices.push({ at: performance.now(), alert, instance });
      }
      response.end();
    });
  }

  /** What it printed. */
  get log(): string {
    return this.#log;
  }

  /** Starts it, with its files in `folder` and a clock so many times faster; returns its address. */
  async start(folder: string, pace: number): Promise<string> {
    await new Promise<void>((resolve) => this.#receiver.listen(0, "127.0.0.1", resolve));
    const { port: receiver } = this.#receiver.address() as AddressInfo;
    const deployed = fs.readFileSync(
      path.join(deployFolder, "prometheus/alertmanager.yml"),
      "utf8",
    );
    const file = path.join(folder, "alertmanager.yml");
    const routes = deployed.replace(/url: \S+/, `url: http://127.0.0.1:${receiver}/`);
    fs.writeFileSync(file, hurryRoutes(routes, pace));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn("prometheus-alertmanager", [
      `--config.file=${file}`,
      `--storage.path=${path.join(folder, "alertmanager")}`,
      `--web.listen-address=${address}`,
      "--cluster.listen-address=",
    ], { stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (chunk) => this.#log = (this.#log + chunk).slice(-10_000));
    this.#child = child;
    return address;
  }

  async stop(): Promise<void> {
    await endProgram(this.#child);
    await new Promise((resolve) => this.#receiver.close(resolve));
  }
}
