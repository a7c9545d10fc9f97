// How data goes through memctl, in one direction.

import { line, picture, rect, text } from "./svg.ts";

const BOX = { width: 150, height: 92 };
const MODULE_WIDTH = 146;

/** The picture of the architecture. */
export function architecture(): string {
  const core: [title: string, lines: string[]][] = [
    ["kernel files", ["/proc/meminfo", "memory.max", "memory.current"]],
    ["adapter", ["platform/linux", "platform/darwin", "runtime only"]],
    ["MemInfo", ["immutable snapshot", "headroom()", "tightest()"]],
    ["watch", ["ticks, no overlap", "passes snapshots", "decides nothing"]],
    ["your callback", ["fewer workers,", "a log line, …"]],
  ];
  const parts: string[] = [];
  core.forEach(([title, lines], i) => {
    const x = 20 + i * (BOX.width + 42);
    parts.push(rect(x, 40, BOX.width, BOX.height, "panel", { line: "grid", radius: 6 }));
    parts.push(text(x + BOX.width / 2, 62, title, { anchor: "middle", bold: true }));
    lines.forEach((content, row) =>
      parts.push(
        text(x + BOX.width / 2, 84 + row * 17, content, {
          anchor: "middle",
          colour: "muted",
          size: 12,
        }),
      )
    );
    if (i < core.length - 1) {
      parts.push(
        line([[x + BOX.width + 5, 86], [x + BOX.width + 37, 86]], "blue", { arrow: true }),
      );
    }
  });
  const from = 20 + 2 * (BOX.width + 42) + BOX.width / 2;
  const modules = [
    "./policy\nlevels, budgets",
    "./watchdog, ./auto\nforce GC",
    "./http\nsheds load",
    "./otel, ./prometheus\nmetrics",
    "./recorder, ./retire\nthe end of a process",
    "./cli, ./plan\ndoctor, exec",
  ];
  parts.push(text(20, 26, "core: @x/memctl", { colour: "muted" }));
  parts.push(
    text(20, 282, "modules of their own, each loaded only if you import it", { colour: "muted" }),
  );
  modules.forEach((content, i) => {
    const x = 20 + i * (MODULE_WIDTH + 8.4);
    const [title, note] = content.split("\n");
    parts.push(
      line(
        [[from, 137], [from, 160], [x + MODULE_WIDTH / 2, 160], [x + MODULE_WIDTH / 2, 198]],
        "blue",
        {
          arrow: true,
          width: 1.5,
        },
      ),
      rect(x, 200, MODULE_WIDTH, 56, "panel", { line: "grid", radius: 6 }),
      text(x + MODULE_WIDTH / 2, 223, title!, { anchor: "middle", bold: true, size: 12.5 }),
      text(x + MODULE_WIDTH / 2, 243, note!, { anchor: "middle", colour: "muted", size: 12 }),
    );
  });
  return picture(
    958,
    298,
    "Data goes one way: kernel files, adapter, MemInfo, watch, callback",
    parts,
  );
}
