import { formatBytes } from "../bytes.ts";
import { type Given, kept, type Setting, type Settings, type Sizes } from "./setting.ts";

const RAM = "BUN_JSC_forceRAMSize";

/** What Bun is started with. */
export function bunSettings({ heap }: Sizes, { environment, flags: typed }: Given): Settings {
  const own: Setting[] = [];
  const variables: Setting[] = [];
  const ram = environment[RAM];
  if (ram === undefined) {
    const reason = `JavaScriptCore paces collections as on a host with ${formatBytes(heap)}`;
    variables.push({ name: RAM, value: String(heap), reason });
  } else {
    own.push(kept(RAM, ram));
  }
  const options = environment.BUN_OPTIONS?.trim() ?? "";
  if (typed.includes("--smol")) own.push(kept("command line", "--smol"));
  else if (options.split(/\s+/).includes("--smol")) own.push(kept("BUN_OPTIONS", "--smol"));
  return { flags: [], environment: variables, kept: own };
}
