import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** What starts a file in the runtime that runs this test, the file to follow. */
export const ownRuntime: string[] = [
  process.execPath,
  ...("Deno" in globalThis ? ["run", "-A"] : []),
];

/** Starts a file of tests/support/programs in the runtime that runs this test. */
export function startProgram(name: string, args: string[] = [], shell = ""): ChildProcess {
  const file = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
  const command = [...ownRuntime, file, ...args];
  if (shell === "") {
    return spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  }
  const script = `${shell} && exec "$@"`;
  return spawn("sh", ["-c", script, "sh", ...command], { stdio: ["pipe", "pipe", "inherit"] });
}

/** What it prints until it ends; rejects unless it ends well. */
export function outputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout?.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output.trim());
      else reject(new Error(`it ended with ${code ?? signal}: ${output}`));
    });
  });
}
