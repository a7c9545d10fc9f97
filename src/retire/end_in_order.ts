import { callReporting } from "../thenable.ts";
import { closeAll } from "./closing.ts";
import type { RetirementState } from "./handle.ts";
import type { RetireReason } from "./options.ts";
import type { OpenServer } from "./servers.ts";
import type { Settings } from "./settings.ts";
import type { Waits } from "./waits.ts";

/** What ends, and who is told. */
export interface Ending {
  readonly reason: RetireReason;
  readonly servers: readonly OpenServer[];
  readonly waits: Waits;
  report(error: unknown): void;
  /** Called as each step begins. */
  onState(state: RetirementState): void;
}

/**
 * Drains the servers, closes what is to be closed, and exits. Nothing that fails
 * or hangs keeps it from the exit. It never rejects.
 */
export async function endInOrder(settings: Settings, ending: Ending): Promise<void> {
  const { grace, deadline, closingTimeout, closing, exitCode, signalExitCode, exit } = settings;
  const { reason, servers, waits, report, onState } = ending;
  for (const server of servers) callReporting(() => server.announce(), report);
  await waits.sleep(grace);
  onState("draining");
  await drainAll(servers, waits, deadline, report);
  onState("closing");
  await closeAll(closing, reason, closingTimeout, waits, report);
  onState("ended");
  const code = reason.cause === "signal" ? signalExitCode : exitCode;
  callReporting(() => exit(code), report);
}

async function drainAll(
  servers: readonly OpenServer[],
  waits: Waits,
  deadline: number,
  report: (error: unknown) => void,
): Promise<void> {
  const drains = servers.map((server) => callReporting(() => server.drain(waits), report));
  if (await waits.within(Promise.all(drains), deadline)) return;
  report(
    new Error(
      `requests were still in flight, or connections in use, after ${deadline} ms ('deadline')`,
    ),
  );
}
