// The environment variables, and what their text stands for.

import { bytesOf } from "../size_text.ts";

/** A form of text, and the rule that an error names. */
export interface Form {
  readonly rule: string;
  /** The value; `undefined`: the text is malformed. */
  parse(text: string): unknown;
}

const SHARE = /^(?:\d+\.?\d*|\.\d+)%$/;
const ON = ["1", "true", "on", "yes"];
const OFF = ["0", "false", "off", "no"];

const MILLISECONDS: Form = {
  rule: "a number of milliseconds",
  parse: (text) => /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined,
};
const COUNT: Form = {
  rule: "a whole number above 0",
  parse: (text) => /^\d+$/.test(text) ? Number(text) : undefined,
};
const SHARE_TEXT: Form = {
  rule: "a share such as 10%",
  parse: (text) => SHARE.test(text) ? text : undefined,
};
const SIZE: Form = { rule: "a size such as 512M or 1.5GiB", parse: bytesOf };
const TEXT: Form = { rule: "a text", parse: (text) => text };
const SWITCH: Form = {
  rule: `one of ${[...ON, ...OFF].join(", ")}`,
  parse(text) {
    const word = text.toLowerCase();
    if (ON.includes(word)) return true;
    return OFF.includes(word) ? false : undefined;
  },
};
const SHARES: Form = {
  rule: "ascending shares such as 60%,70%,80%",
  parse(text) {
    const shares = text.split(",").map((share) => share.trim());
    if (!shares.every((share) => SHARE.test(share))) return undefined;
    return shares.map((share) => Number(share.slice(0, -1)) / 100);
  },
};

/** Variables by the option of `watchdog()` that they set. */
export const OPTIONS: Readonly<Record<string, { name: string; form: Form }>> = {
  limit: { name: "MEMCTL_LIMIT", form: SIZE },
  heapLimit: { name: "MEMCTL_HEAP_LIMIT", form: SIZE },
  watermarks: { name: "MEMCTL_WATERMARKS", form: SHARES },
  interval: { name: "MEMCTL_INTERVAL", form: MILLISECONDS },
  maxInterval: { name: "MEMCTL_MAX_INTERVAL", form: MILLISECONDS },
  usage: { name: "MEMCTL_USAGE", form: TEXT },
  dryRun: { name: "MEMCTL_DRY_RUN", form: SWITCH },
  "guard.minGap": { name: "MEMCTL_GUARD_MIN_GAP", form: MILLISECONDS },
  "guard.maxGap": { name: "MEMCTL_GUARD_MAX_GAP", form: MILLISECONDS },
  "guard.maxGapNearLimit": { name: "MEMCTL_GUARD_MAX_GAP_NEAR_LIMIT", form: MILLISECONDS },
  "guard.nearLimit": { name: "MEMCTL_GUARD_NEAR_LIMIT", form: SHARE_TEXT },
  "guard.minFreed": { name: "MEMCTL_GUARD_MIN_FREED", form: SHARE_TEXT },
  "guard.maxShare": { name: "MEMCTL_GUARD_MAX_SHARE", form: SHARE_TEXT },
  "guard.calmShare": { name: "MEMCTL_GUARD_CALM_SHARE", form: SHARE_TEXT },
  "guard.minFill": { name: "MEMCTL_GUARD_MIN_FILL", form: SHARE_TEXT },
  "guard.maxIneffectiveShare": { name: "MEMCTL_GUARD_MAX_INEFFECTIVE_SHARE", form: SHARE_TEXT },
  "guard.minChange": { name: "MEMCTL_GUARD_MIN_CHANGE", form: SHARE_TEXT },
  "heapSnapshots.directory": { name: "MEMCTL_HEAP_SNAPSHOTS_DIRECTORY", form: TEXT },
  "heapSnapshots.at": { name: "MEMCTL_HEAP_SNAPSHOTS_AT", form: SHARE_TEXT },
  "heapSnapshots.max": { name: "MEMCTL_HEAP_SNAPSHOTS_MAX", form: COUNT },
};

/** Whether anything is started. */
export const AUTO: { name: string; form: Form } = { name: "MEMCTL_AUTO", form: SWITCH };
/** What is printed. */
export const LOG = "MEMCTL_LOG";
