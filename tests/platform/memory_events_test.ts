import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MemoryEvents } from "../../platform/linux/memory_events.ts";
import { withTempFolder } from "../support/temp.ts";

const linux = process.platform === "linux" ? false : "needs Linux";

/** Two files that change as memory.events does, and what is woken by them. */
class Bench {
  readonly events = new MemoryEvents();
  readonly first: string;
  readonly second: string;

  constructor(folder: string) {
    this.first = path.join(folder, "first");
    this.second = path.join(folder, "second");
    for (const file of [this.first, this.second]) fs.writeFileSync(file, "high 0\n");
  }

  /** Changes a file and waits until a watch of its own has seen that. */
  async change(file: string): Promise<void> {
    const fence = new MemoryEvents();
    fence.follow([file], false);
    await new Promise<void>((resolve) => {
      fence.listen(resolve);
      fs.appendFileSync(file, "high 1\n");
    });
    fence.close();
  }
}

/** A listener that counts. */
function counter() {
  const wake = () => void wake.count++;
  wake.count = 0;
  return wake;
}

const test = (name: string, run: (bench: Bench) => Promise<void>) =>
  it(name, { skip: linux }, () => withTempFolder((folder) => run(new Bench(folder))));

describe("the events of memory files", () => {
  test("wake each listener, for each of the files", async (bench) => {
    const { events, first, second } = bench;
    events.follow([first, second], false);
    const [one, other] = [counter(), counter()];
    events.listen(one);
    events.listen(other);
    await bench.change(first);
    assert.ok(one.count > 0 && other.count > 0);
    const before = one.count;
    await bench.change(second);
    assert.ok(one.count > before);
    events.close();
  });

  test("wake a listener until it stops, and leave the others", async (bench) => {
    const { events, first } = bench;
    events.follow([first], false);
    const [one, other] = [counter(), counter()];
    const stop = events.listen(one);
    events.listen(other);
    stop();
    await bench.change(first);
    assert.equal(one.count, 0);
    assert.ok(other.count > 0);
    events.close();
  });

  test("wake nobody once closed, or once nobody listens", async (bench) => {
    const { events, first } = bench;
    events.follow([first], false);
    const wake = counter();
    events.listen(wake)();
    await bench.change(first);
    events.listen(wake);
    events.close();
    await bench.change(first);
    assert.equal(wake.count, 0);
  });

  test("come from the files that are followed now", async (bench) => {
    const { events, first, second } = bench;
    events.follow([first], false);
    const wake = counter();
    events.listen(wake);
    events.follow([second], false);
    await bench.change(first);
    assert.equal(wake.count, 0);
    await bench.change(second);
    assert.ok(wake.count > 0);
    events.close();
  });

  test("are available where there is a file", ({ events, first }) => {
    assert.equal(events.available, false);
    events.follow([first], false);
    assert.equal(events.available, true);
    assert.equal(events.problem, undefined);
    return Promise.resolve();
  });

  test("say what keeps them away", async (bench) => {
    // Deno tells of a missing file later.
    if ("Deno" in globalThis) return;
    const { events, first } = bench;
    const missing = `${first}-missing`;
    events.follow([first, missing], false);
    const wake = counter();
    events.listen(wake);
    assert.ok(events.problem!.includes(missing), `${events.problem}`);
    await bench.change(first);
    assert.equal(wake.count, 0, "all files or none");
    events.follow([first], false);
    assert.equal(events.problem, undefined);
    await bench.change(first);
    assert.ok(wake.count > 0);
    events.close();
  });
});

describe("the watches of memory files", () => {
  const { watch } = fs;
  let opened: string[];
  let closed: string[];
  let watches: EventEmitter[];

  beforeEach(() => {
    opened = [];
    closed = [];
    watches = [];
    fs.watch = ((path: string, options: fs.WatchOptions) => {
      assert.deepEqual(options, { persistent: false }, "the process may exit");
      opened.push(path);
      const emitter = Object.assign(new EventEmitter(), { close: () => void closed.push(path) });
      watches.push(emitter);
      return emitter;
    }) as never;
  });

  afterEach(() => {
    fs.watch = watch;
  });

  /** Follows these files, with one listener. */
  function followed(...paths: string[]): MemoryEvents {
    const events = new MemoryEvents();
    events.follow(paths, false);
    events.listen(() => {});
    return events;
  }

  it("are one for each file, however many listen", () => {
    const events = followed("a", "b");
    const stop = events.listen(() => {});
    assert.deepEqual([opened, closed], [["a", "b"], []]);
    stop();
    assert.deepEqual(closed, []);
    events.close();
    assert.deepEqual(closed, ["a", "b"]);
  });

  it("are none while nobody listens", () => {
    const events = new MemoryEvents();
    events.follow(["a"], false);
    events.follow(["b"], true);
    assert.deepEqual(opened, []);
  });

  it("stay where the same files are followed, and are replaced where any is another", () => {
    const events = followed("a", "b");
    events.follow(["a", "b"], false);
    assert.equal(opened.length, 2);
    events.follow(["a", "c"], false);
    assert.deepEqual([opened.slice(2), closed], [["a", "c"], ["a", "b"]]);
    events.follow(["a", "c"], true);
    assert.deepEqual(opened.slice(4), ["a", "c"]);
  });

  it("end all if one of them fails, and are tried again at the next check", () => {
    const events = followed("a", "b");
    const error = Object.assign(new Error("EIO"), { code: "EIO" });
    watches[1]!.emit("error", error);
    assert.deepEqual(closed, ["a", "b"]);
    assert.equal(events.problem, "cannot read b: EIO");
    events.follow(["a", "b"], false);
    assert.deepEqual(opened.slice(2), ["a", "b"]);
    assert.equal(events.problem, undefined);
  });
});
