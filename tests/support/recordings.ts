import fs from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of recorded environments beside the checkout, or `undefined`. */
export const recordings: string | undefined = existing(
  fileURLToPath(new URL("../../../shared/fixtures", import.meta.url)),
);

/** Why a test that needs it is skipped. */
export const NO_RECORDINGS = "skipped: the recorded environments are not beside this checkout";

function existing(path: string): string | undefined {
  return fs.existsSync(path) ? path : undefined;
}
