import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { programFile } from "./e2e/vm/image.ts";
import { withTempFolder } from "./support/temp.ts";

describe("programFile()", { skip: process.platform === "win32" }, () => {
  it("follows a path, and finds a bare name on PATH", () =>
    withTempFolder((folder) => {
      const real = path.join(fs.realpathSync(folder), "real-runtime");
      const link = path.join(folder, "memctl-test-runtime");
      fs.writeFileSync(real, "#!/bin/sh\n", { mode: 0o755 });
      fs.symlinkSync(real, link);
      assert.equal(programFile(link), real);
      const { PATH } = process.env;
      process.env.PATH = `${folder}:${PATH}`;
      try {
        assert.equal(programFile("memctl-test-runtime"), real);
      } finally {
        process.env.PATH = PATH;
      }
    }));

  it("says which program is not there", () => {
    assert.throws(() => programFile("memctl-no-such-runtime"), /which memctl-no-such-runtime/);
  });
});
