import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outcome, scripted } from "../support/scripted_shedder.ts";

describe("exempt requests", () => {
  it("neither rejects nor counts exempt requests", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: ["/healthz", /^\/internal\//] });
    for (
      const url of [
        "/healthz",
        "/healthz?full",
        "http://host:8000/healthz",
        "https://host/internal/x#y",
      ]
    ) {
      assert.equal(outcome(shedder.admit({ url })), true, url);
    }
    for (const url of ["/healthz/more", "/x?/healthz", "http://host", undefined]) {
      assert.equal(outcome(shedder.admit({ url })), "headroom", String(url));
    }
    assert.equal(shedder.admitted, 0);
    const global = scripted({ 0: 1 }, { exempt: [/healthz/g] }).shedder;
    for (let i = 0; i < 3; i++) assert.equal(outcome(global.admit({ url: "/healthz" })), true);
    const chosen = scripted({ 0: 1 }, { exempt: ({ url }) => url === "/me" }).shedder;
    assert.deepEqual([{ url: "/me" }, { url: "/you" }].map((r) => outcome(chosen.admit(r))), [
      true,
      "headroom",
    ]);
  });

  it("exempts an absolute URL by its path, without the query", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: ["/healthz", "/"] });
    for (const end of ["", "/", "?x", "#x", "/?x=/y", "/healthz", "/healthz?x", "/healthz#x"]) {
      const url = `http://host:8000${end}`;
      assert.equal(outcome(shedder.admit({ url })), true, url);
    }
  });

  it("exempts no URL of another scheme", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: [/healthz$/] });
    for (const url of ["x-http://h/healthz", "ftp://h/healthz", "healthz"]) {
      assert.equal(outcome(shedder.admit({ url })), "headroom", url);
    }
  });

  it("exempts a path as it is written, where routers read it in one way only", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: ["/health{z}", '/"'] });
    for (const url of ["/health{z}", '/"?x', "http://h/health{z}"]) {
      assert.equal(outcome(shedder.admit({ url })), true, url);
    }
  });

  it("does not read requests if no request is exempt", () => {
    const { shedder } = scripted({ 0: 1 }, { exempt: [] });
    const request = {
      get url(): string {
        throw new Error("it was read");
      },
    };
    assert.equal(outcome(shedder.admit(request)), "headroom");
  });

  it("exempts no path that a router sees as another one", () => {
    const { shedder } = scripted({ 0: 1 }, {
      exempt: ["/healthz", /^\/public\//, /\/end$/],
    });
    for (
      const url of [
        "http://x?/healthz",
        "http://x#/healthz",
        "http://x\\@y/healthz/../work",
        "/public/../work",
        "/public/%2e%2e/work",
        "/public/%2E./work",
        "/public/..%2fwork",
        "/public/..%2Fwork?/public/",
        "/public/..\\work",
        "/public\\..\\work",
        "/public/.\t./work",
        "/public/%zz",
        "/work/../healthz",
        "//host/healthz",
        "/%68ealthz",
        "*",
        "x:443",
        "",
      ]
    ) {
      assert.equal(outcome(shedder.admit({ url })), "headroom", url);
    }
    for (
      const url of [
        "/public/a",
        "/public/a%20b",
        "/public/a/../b?c",
        "https://x/public/",
        "HTTP://x/healthz",
      ]
    ) {
      assert.equal(outcome(shedder.admit({ url })), true, url);
    }
  });
});
