import { formatBytes } from "../bytes.ts";
import type { Given, Setting, Settings, Sizes } from "./setting.ts";

const RAM = "BUN_JSC_forceRAMSize";

/** What Bun is started with. */
export function bunSettings({ heap }: Sizes, { environment, flags: typed }: Given): Settings {
  const kept: Setting[] = [];
  const variables: Setting[] = [];
  const reason = "it was set already, so the plan leaves it";
  const ram = environment[RAM];
  if (ram === undefined) {
    const reason = `JavaScriptCore paces collections as on a host with ${formatBytes(heap)}`;
    variables.push({ name: RAM, value: String(heap), reason });
  } else {
    kept.push({ name: RAM, value: ram, reason });
  }
  const options = environment.BUN_OPTIONS?.trim() ?? "";
  if (typed.includes("--smol")) kept.push({ name: "command line", value: "--smol", reason });
  else if (options.split(/\s+/).includes("--smol")) {
    kept.push({ name: "BUN_OPTIONS", value: "--smol", reason });
  }
  return { flags: [], environment: variables, kept };
}
