// Two cgroup levels of which the outer one is effective, from a real tree.

import type { ChildProcess } from "node:child_process";
import { type MemInfo, MiB } from "../../mod.ts";
import { ChildGroup } from "../../tests/e2e/child_group.ts";
import { line, picture, rect, text } from "./svg.ts";

/** What two levels and the program in the inner one said. */
export interface Levels {
  readonly outer: { limit: number; usage: number };
  readonly inner: { limit: number; usage: number };
  /** What memctl made of it. */
  readonly headroom: number;
  readonly effectiveLimit: number;
}

const PROGRAM = `
const held = new Uint8Array(Number(process.argv[1])).fill(1);
console.log("filled", held.length);
setTimeout(() => {}, 60_000);
`;

/** Makes the levels, fills them, and samples from inside. */
export async function runLevels(
  version: 1 | 2,
  folder: string,
  node: string,
  sample: string[],
): Promise<Levels> {
  const outer = new ChildGroup(version, folder);
  if (version === 2) outer.write("cgroup.subtree_control", "+memory");
  const inner = new ChildGroup(version, outer.folder);
  const neighbour = new ChildGroup(version, outer.folder);
  try {
    outer.setLimit(400 * MiB);
    inner.setLimit(300 * MiB);
    const other = neighbour.spawn([node, "-e", PROGRAM, "--", String(270 * MiB)]);
    await printed(other, "filled");
    const { output } = await inner.run([...sample, inner.folder], 60_000);
    const info = JSON.parse(/^\{.*\}$/m.exec(output)![0]) as ReturnType<MemInfo["toJSON"]> & {
      levels: { inner: Levels["inner"]; outer: Levels["outer"] };
    };
    return {
      ...info.levels,
      headroom: info.headroom!,
      effectiveLimit: info.cgroupLimit!,
    };
  } finally {
    await neighbour.remove();
    await inner.remove();
    await outer.remove();
  }
}

function printed(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.on("data", (chunk) => String(chunk).includes(word) && resolve());
    child.on("close", () => reject(new Error("it ended before it had filled its memory")));
  });
}

/** The picture of them. */
export function levelsPicture({ outer, inner, headroom, effectiveLimit }: Levels): string {
  const scale = 1.5 / MiB;
  const left = 190;
  const mib = (bytes: number) => `${Math.round(bytes / MiB)} MiB`;
  const parts: string[] = [];
  const level = (
    y: number,
    name: string,
    note: string,
    { limit, usage }: { limit: number; usage: number },
    isEffective: boolean,
  ) => {
    const remains = limit - usage;
    parts.push(
      text(20, y + 20, name, { bold: true }),
      text(20, y + 39, note, { colour: "muted", size: 12 }),
      rect(left, y, limit * scale, 48, "panel", { line: "grid" }),
      rect(left, y, usage * scale, 48, isEffective ? "red" : "blue"),
      text(left + usage * scale + 10, y + 21, `${mib(remains)} left`, { bold: isEffective }),
      text(left + usage * scale + 10, y + 39, isEffective ? "← effective" : "", {
        colour: "red",
        size: 12,
      }),
      text(left, y + 65, `usage ${mib(usage)}`, { colour: "muted", size: 12 }),
      text(left + limit * scale, y + 65, `limit ${mib(limit)}`, {
        colour: "muted",
        anchor: "end",
        size: 12,
      }),
    );
  };
  const isOuter = effectiveLimit === outer.limit;
  level(24, "outer level", "pod, or systemd slice", outer, isOuter);
  level(124, "inner level", "the container", inner, !isOuter);
  parts.push(
    line([[left, 216], [left + headroom * scale, 216]], "green", { width: 6 }),
    text(20, 221, "headroom()", { bold: true, mono: true, size: 12.5 }),
    text(left + headroom * scale + 10, 221, mib(headroom), { colour: "green", bold: true }),
    text(left, 246, "A second process of the pod uses most of the outer level.", {
      colour: "muted",
      size: 12,
    }),
  );
  return picture(830, 262, "Two cgroup levels, of which the outer one has less memory left", parts);
}
