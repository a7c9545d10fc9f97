import type { ChildProcess } from "node:child_process";

/** The port that a server prints, `port` before it. */
export function portOf(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = "";
    server.stdout?.on("data", (chunk) => {
      printed += chunk;
      const found = /port (\d+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    server.on("close", () => reject(new Error(`it ended before it listened: ${printed}`)));
  });
}
