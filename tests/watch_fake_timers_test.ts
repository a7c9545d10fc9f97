import { mock } from "node:test";
import { describeWatchTable } from "./support/watch_table.ts";

describeWatchTable("watch() under the runtime's own fake timers", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  return {
    clock: undefined,
    advance: (milliseconds) => mock.timers.tick(milliseconds),
    running: () => undefined,
    restore: () => mock.timers.reset(),
  };
});
