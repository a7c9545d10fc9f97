import type { Given, Settings, Sizes } from "./setting.ts";
import { v8Flags, written } from "./v8_flags.ts";

/** What Node is started with. */
export function nodeSettings(sizes: Sizes, { environment, flags: typed }: Given): Settings {
  const options = environment.NODE_OPTIONS?.trim() ?? "";
  const { flags, kept } = v8Flags(sizes, [
    { where: "NODE_OPTIONS", flags: options.split(/\s+/) },
    { where: "command line", flags: typed },
  ]);
  if (flags.length === 0) return { flags, environment: [], kept };
  // A flag that is named twice takes its last value.
  const value = [...(options === "" ? [] : [options]), ...flags.map(written)].join(" ");
  const reason = `Node takes its flags from it: ${flags.map(({ reason }) => reason).join("; ")}`;
  return { flags, environment: [{ name: "NODE_OPTIONS", value, reason }], kept };
}
