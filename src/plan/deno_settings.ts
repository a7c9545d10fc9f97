import { type Given, kept, type Setting, type Settings, type Sizes } from "./setting.ts";
import { v8Flags, written } from "./v8_flags.ts";

const SWITCH = "DENO_USE_CGROUPS";

/** What Deno is started with. */
export function denoSettings(sizes: Sizes, { environment, flags: typed }: Given): Settings {
  const options = environment.DENO_V8_FLAGS?.trim() ?? "";
  const { flags, kept: own } = v8Flags(sizes, [
    { where: "DENO_V8_FLAGS", flags: options.split(",") },
    { where: "--v8-flags", flags: typed.flatMap(flagsOfV8) },
  ]);
  const variables: Setting[] = [];
  if (flags.length > 0) {
    const value = [...(options === "" ? [] : [options]), ...flags.map(written)].join(",");
    const reason = `Deno gives them to V8: ${flags.map(({ reason }) => reason).join("; ")}`;
    variables.push({ name: "DENO_V8_FLAGS", value, reason });
  }
  const before = environment[SWITCH];
  if (before === undefined) {
    const reason = "Deno sizes the rest of the heap by the container, not by the host";
    variables.push({ name: SWITCH, value: "1", reason });
  } else {
    own.push(kept(SWITCH, before));
  }
  return {
    flags: flags.length === 0 ? [] : [{
      name: "--v8-flags",
      value: flags.map(written).join(","),
      reason: "the same as DENO_V8_FLAGS",
    }],
    environment: variables,
    kept: own,
  };
}

/** The flags in `--v8-flags=--a=1,--b`. */
function flagsOfV8(flag: string): string[] {
  const value = /^--v8-flags=(.*)/.exec(flag)?.[1];
  return value === undefined ? [] : value.split(",");
}
