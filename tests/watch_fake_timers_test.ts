import assert from "node:assert/strict";
import { it, mock } from "node:test";
import { settle } from "./support/async.ts";
import { Bench, type Time } from "./support/watch_bench.ts";
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

it("fake timers drive the end of wakeOnPressure's gap as well", async () => {
  const bench = new Bench(fakeTime());
  try {
    bench.start({ interval: 60_000, wakeOnPressure: { minGap: 10_000 } });
    bench.sampler.press();
    bench.sampler.press();
    assert.equal(bench.calls.length, 1);
    bench.time.advance(10_000);
    assert.equal(bench.calls.length, 2);
    bench.abort.abort();
    await settle();
    bench.assertNothingLeft();
  } finally {
    bench.time.restore();
  }
});
