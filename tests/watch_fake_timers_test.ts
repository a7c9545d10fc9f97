import { mock } from "node:test";
import type { Time } from "./support/watch_bench.ts";
import { describeWatchTable } from "./support/watch_table.ts";

/** Time by fake timers in place of the global ones. */
function fakeTime(): Time {
  mock.timers.enable({ apis: ["setInterval"] });
  return {
    clock: undefined,
    advance: (milliseconds) => mock.timers.tick(milliseconds),
    running: () => undefined,
    restore: () => mock.timers.reset(),
  };
}

describeWatchTable("watch() under the runtime's own fake timers", fakeTime);
