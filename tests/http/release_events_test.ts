import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { LoadShedder, type Pass, releaseWith } from "../../http.ts";
import { ManualClock, ScenarioSampler } from "../../testing.ts";

class Closable extends EventEmitter {
  destroyed = false;
}

/** A request in flight, on a socket of its own or a shared one. */
function start(socket: Closable | undefined = new Closable(), response = new Closable()) {
  const clock = new ManualClock();
  const shedder = new LoadShedder({ sampler: new ScenarioSampler(clock, [{ at: 0 }]), clock });
  const pass = shedder.admit({ url: "/" } as never) as Pass;
  releaseWith(pass, { socket } as never, response as never);
  return { shedder, socket, response };
}

describe("a request is released", () => {
  it("when its response has finished", () => {
    const { shedder, response } = start();
    assert.equal(shedder.inFlight, 1);
    response.emit("finish");
    assert.equal(shedder.inFlight, 0);
  });

  it("when its response is closed", () => {
    const { shedder, response } = start();
    response.emit("close");
    assert.equal(shedder.inFlight, 0);
  });

  it("when its socket is closed, with every other request on that socket", () => {
    const socket = new Closable();
    const both = [start(socket), start(socket)];
    assert.deepEqual(both.map(({ shedder }) => shedder.inFlight), [1, 1]);
    socket.emit("close");
    assert.deepEqual(both.map(({ shedder }) => shedder.inFlight), [0, 0]);
  });

  it("at once when its response or its socket was destroyed before", () => {
    const gone = new Closable();
    gone.destroyed = true;
    assert.equal(start(gone).shedder.inFlight, 0);
    assert.equal(start(new Closable(), gone).shedder.inFlight, 0);
  });

  it("by its response where it has no socket", () => {
    const response = new Closable();
    const clock = new ManualClock();
    const shedder = new LoadShedder({ sampler: new ScenarioSampler(clock, [{ at: 0 }]), clock });
    for (const socket of [undefined, null]) {
      const pass = shedder.admit({ url: "/" } as never) as Pass;
      releaseWith(pass, { socket } as never, response as never);
      assert.equal(shedder.inFlight, 1);
      response.emit("finish");
      assert.equal(shedder.inFlight, 0);
    }
  });

  it("with one listener on a socket, however many requests it carries", () => {
    const socket = new Closable();
    for (let i = 0; i < 5; i++) start(socket).response.emit("finish");
    assert.equal(socket.listenerCount("close"), 1);
  });
});
