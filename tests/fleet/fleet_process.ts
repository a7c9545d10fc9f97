// One process of the fleet, in a cgroup of its own. It may be started again.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChildGroup, type Hierarchy } from "../e2e/child_group.ts";
import { endProgram } from "../support/end_program.ts";
import type { Runtime } from "../support/runtimes.ts";
import { LIMIT, type Orders, type Role } from "./roles.ts";

/** Where a fleet runs. */
export interface Surroundings {
  hierarchy: Hierarchy & { problem?: never };
  /** On which each process listens, at an address of its own. */
  port: number;
  folder: string;
  pace: number;
}

export class FleetProcess {
  readonly runtime: Runtime["name"];
  readonly role: Role;
  /** As Prometheus calls it. */
  readonly instance: string;
  /** How often it was started. */
  starts = 0;
  /** When it ended, by `performance.now()`. */
  ended: number | undefined;
  output = "";
  readonly #group: ChildGroup;
  readonly #command: string[];
  #child: ChildProcess | undefined;
  #stopped = false;

  /**
   * @param index Its number in the fleet, which gives it an address of its own
   * on loopback. Processes of one address need ports of their own, and another
   * program may take one while its process restarts.
   */
  constructor(index: number, runtime: Runtime, role: Role, surroundings: Surroundings) {
    const { hierarchy, port, folder, pace } = surroundings;
    const host = `127.0.1.${index + 1}`;
    const orders: Orders = { role, host, port, file: path.join(folder, `written-${index}`), pace };
    this.runtime = runtime.name;
    this.role = role;
    this.instance = `${host}:${port}`;
    const file = fileURLToPath(new URL("member.ts", import.meta.url));
    this.#command = [...runtime.command, file, JSON.stringify(orders)];
    this.#group = new ChildGroup(hierarchy.version, hierarchy.folder);
    this.#group.forbidSwap();
    this.#group.setLimit(LIMIT);
  }

  /** Starts it. The promise resolves once it listens, or has ended. */
  async start(): Promise<void> {
    this.starts++;
    const child = this.#group.spawn(this.#command);
    this.#child = child;
    const listening = once(child.stdout!, "data");
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on("data", (chunk) => this.output = (this.output + chunk).slice(-5_000));
    }
    const closed = once(child, "close").then(() => {
      this.ended = performance.now();
      if (this.role === "restarts" && !this.#stopped) this.start();
    });
    await Promise.race([listening, closed]);
  }

  /** Ends it, and removes its cgroup. */
  async remove(): Promise<void> {
    this.#stopped = true;
    await endProgram(this.#child);
    await this.#group.remove();
  }
}
