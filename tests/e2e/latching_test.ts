// A load shedder whose memory stays in use after a burst, as the allocator
// keeps it. Needs root and a writable memory hierarchy, version 1 or 2.

import assert from "node:assert/strict";
import http from "node:http";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { MiB } from "../../mod.ts";
import { findRuntimes } from "../support/runtimes.ts";
import { ChildGroup, findHierarchy } from "./child_group.ts";
import { portOf } from "./port_of.ts";

const hierarchy = findHierarchy();
const { problem } = hierarchy;
if (problem !== undefined) console.error(`SKIPPED, latching in a cgroup: ${problem}`);

// The servers have a group each, and wait for most of their time.
describe("a load shedder after a burst", { concurrency: 3 }, () => {
  if (hierarchy.problem !== undefined) {
    it("nothing is run", { skip: problem ?? false }, () => {});
    return;
  }
  for (const { name, command } of findRuntimes()) {
    // What the runtime itself takes does not fit into less.
    for (const [limit, streams] of [[300, 1], ...(name === "node" ? [[112, 0], [128, 0]] : [])]) {
      it(`in ${name} admits requests again in ${limit} MiB with ${streams} open streams`, async () => {
        const group = new ChildGroup(hierarchy.version, hierarchy.folder);
        const file = fileURLToPath(new URL("workloads/latching.ts", import.meta.url));
        try {
          group.forbidSwap();
          group.setLimit(limit! * MiB);
          let answers: number[] = [];
          const { output } = await group.run([...command, file], 120_000, async (server) => {
            const port = await portOf(server);
            for (let i = 0; i < streams!; i++) await ask(port, "/stream", true);
            for (let wave = 0; wave < 3; wave++) {
              await Promise.all(Array.from({ length: limit! / 2 }, () => ask(port, "/work")));
            }
            for (let i = 0; i < 50; i++) {
              await new Promise((resolve) => setTimeout(resolve, 100));
              answers = [...answers, await ask(port, "/work")];
            }
            assert.equal(server.exitCode ?? server.signalCode, null, "it was killed");
            server.kill("SIGKILL");
          });
          const served = answers.filter((status) => status === 200).length;
          // One a second is a trial at least.
          assert.ok(served >= 4, `${served} of ${answers.length}: ${output}`);
        } finally {
          await group.remove();
        }
      });
    }
  }
});

/** The status of the response, once it has ended or, for a stream, begun. */
function ask(port: number, path: string, stream = false): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      if (stream) resolve(response.statusCode!);
      response.resume();
      response.on("error", () => {});
      response.on("end", () => resolve(response.statusCode!));
    });
    request.on("error", reject);
  });
}
