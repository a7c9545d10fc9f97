import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outcome, scripted } from "../support/scripted_shedder.ts";

describe("exempt requests", () => {
  it("neither refuses nor counts what is exempt", () => {
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
});
