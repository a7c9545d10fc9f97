import { MAX_INTERVAL } from "../check.ts";
import type { MemInfo } from "../mem_info.ts";
import type { Usage } from "../sampler.ts";
import { watch } from "../watch.ts";
import { frame } from "./frame.ts";
import { Latest } from "./latest.ts";
import { line } from "./line.ts";
import { numberOf } from "./numbers.ts";
import { placeOf, withProcess } from "./place.ts";
import type { Flags } from "./flags.ts";
import type { Terminal } from "../terminal.ts";
import { UsageError } from "./usage_error.ts";

/** The most that a chart of one line can show. */
const HISTORY = 1_000;

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** `memctl watch`. */
export async function watchCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const range = { least: 1, most: MAX_INTERVAL, whole: false };
  const interval = numberOf("interval", flags.interval, 1000, range);
  const count = numberOf("count", flags.count, Infinity, { least: 1, most: Infinity, whole: true });
  const usage = usageOf(flags.usage);
  const place = placeOf(flags);
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, terminal.ended]);
  const live = terminal.isTerminal && !flags.json;
  const show = live
    ? liveView(terminal, interval, stop)
    : lines(terminal, flags.json ? JSON.stringify : line);
  let taken = 0;
  return await withProcess(terminal, async () => {
    try {
      await terminal.untilStopped(() =>
        watch({ ...place, interval, immediate: true, usage, signal }, (info) => {
          show.info(info);
          if (++taken >= count) stop.abort();
        })
      );
    } finally {
      show.end();
    }
    return 0;
  });
}

/** How snapshots are shown. */
interface Show {
  info(info: MemInfo): void;
  end(): void;
}

function lines(terminal: Terminal, format: (info: MemInfo) => string): Show {
  return {
    info: (info) => terminal.write(`${format(info)}\n`),
    end() {},
  };
}

function liveView(terminal: Terminal, interval: number, stop: AbortController): Show {
  const history = new Latest<MemInfo>(HISTORY);
  const draw = () => {
    if (history.values.length === 0) return;
    const { columns, rows, colors } = terminal;
    const drawn = frame(history.values, { columns, rows, colors, interval });
    // Each line is cleared behind its end, and the screen below the last.
    terminal.write(`\x1b[H${drawn.map((row) => `${row}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  const giveBack = terminal.takeOver({
    onKey: (key) => {
      if (key === "q" || key === "Q") stop.abort();
    },
    onResize: draw,
    onEnter() {
      terminal.write(ENTER);
      draw();
    },
    onLeave: () => terminal.write(LEAVE),
  });
  return {
    info(info) {
      history.add(info);
      draw();
    },
    end: giveBack,
  };
}

function usageOf(text: string | undefined): Usage {
  if (text === undefined || text === "current") return "current";
  if (text === "workingSet") return text;
  throw new UsageError(`--usage must be current or workingSet: current value is "${text}"`);
}
