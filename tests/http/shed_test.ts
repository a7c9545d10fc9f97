import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoadShedder, type Rejection, shed } from "../../http.ts";
import { MemInfo } from "../../mod.ts";
import { refusesBadOptions } from "../support/bad_options.ts";
import { scripted } from "../support/scripted_shedder.ts";

describe("shed()", () => {
  it("answers 503 without touching the body", async () => {
    const { clock, sampler } = scripted({ 0: 1 });
    let pulled = false;
    const body = new ReadableStream({
      pull(controller) {
        pulled = true;
        controller.close();
      },
    }, { highWaterMark: 0 });
    const handler = shed(() => assert.fail("it was called"), { sampler, clock, collect: false });
    const request = new Request("http://x/", {
      method: "POST",
      body,
      duplex: "half",
    } as RequestInit);
    const response = await handler(request);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal((await response.json()).status, 503);
    assert.deepEqual([request.bodyUsed, pulled], [false, false]);
  });

  it("counts a request until its answer is there, however that ends", async () => {
    const { clock, sampler } = scripted({ 0: 400 });
    let settle: (response: Response) => void = () => {};
    const handler = shed((request: Request, extra: string) => {
      if (request.url.endsWith("/throw")) throw new Error("thrown");
      if (request.url.endsWith("/reject")) return Promise.reject(new Error("rejected"));
      if (request.url.endsWith("/now")) return new Response(extra);
      return new Promise<Response>((resolve) => settle = resolve);
    }, { sampler, clock });
    const ask = (path: string) => handler(new Request(`http://x${path}`), "extra");
    const slow = ask("/slow");
    assert.equal(handler.shedder.inFlight, 1);
    assert.equal(await (await ask("/now")).text(), "extra");
    assert.throws(() => ask("/throw"), /thrown/);
    await assert.rejects(async () => await ask("/reject"), /rejected/);
    assert.equal(handler.shedder.inFlight, 1);
    settle(new Response("late"));
    assert.equal(await (await slow).text(), "late");
    assert.equal(handler.shedder.inFlight, 0);
  });

  it("answers as it is told to", async () => {
    const { clock, sampler } = scripted({ 0: 1 });
    const handler = shed(() => new Response("served"), {
      sampler,
      clock,
      collect: false,
      respond: ({ reason }, { url }) => new Response(`${reason} ${url}`, { status: 429 }),
    });
    const response = await handler(new Request("http://x/a"));
    assert.deepEqual([response.status, await response.text()], [429, "headroom http://x/a"]);
  });

  it("answers as each handler is told to, by one shedder for all", async () => {
    const { shedder } = scripted({ 0: 1 });
    const respond = ({ reason }: Rejection) => new Response(reason, { status: 429 });
    const told = shed(() => new Response("served"), shedder, { respond });
    const other = shed(() => new Response("served"), shedder);
    const response = await told(new Request("http://x/"));
    assert.deepEqual([response.status, await response.text()], [429, "headroom"]);
    assert.equal((await other(new Request("http://x/"))).status, 503);
    assert.equal(shedder.rejected, 2);
    assert.equal(told.shedder, shedder);
  });

  const serve = () => new Response();
  refusesBadOptions<() => unknown>((start) => start(), [
    ["handler", () => shed(5 as never), TypeError, /'handler' must be a function.* 5/],
    ["respond", () => shed(serve, { respond: 5 as never }), TypeError, /'respond' .* 5/],
    ["options", () => shed(serve, null as never), TypeError, /'options' must be an object.* null/],
    [
      "respond with a shedder",
      () => shed(serve, scripted({ 0: 1 }).shedder, { respond: 5 as never }),
      TypeError,
      /'respond' must be a function.* 5/,
    ],
    [
      "a third argument without a shedder",
      () => shed(serve, {} as never, { respond: serve }),
      TypeError,
      /third argument goes with a LoadShedder, so pass 'respond' in the second/,
    ],
  ]);

  it("closes its own shedder, and not one that it was given", () => {
    const own = shed(() => new Response());
    own[Symbol.dispose]();
    assert.equal(own.shedder.refresh(), undefined);
    const shedder = new LoadShedder();
    shed(() => new Response(), shedder)[Symbol.dispose]();
    assert.ok(shedder.refresh() instanceof MemInfo || shedder.refresh() === undefined);
    shedder.close();
  });
});
