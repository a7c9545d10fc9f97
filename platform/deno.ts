// Deno's permissions, asked without a prompt.

/** A permission, as Deno describes it. Without a path or command: for all of them. */
export type Permission =
  | { name: "read" | "write"; path?: string }
  | { name: "env"; variable?: string }
  | { name: "ffi" }
  | { name: "run"; command?: string }
  | { name: "sys"; kind?: "systemMemoryInfo" };

interface DenoGlobal {
  permissions: { querySync(permission: Permission): { state: string } };
}

const deno = (globalThis as { Deno?: DenoGlobal }).Deno;

/** Whether this runtime is Deno, which has a sandbox. */
export const isDeno: boolean = deno !== undefined;

/** Whether Deno has granted this already. Other runtimes have no sandbox that could be asked. */
export function isPermitted(permission: Permission): boolean {
  return deno === undefined || deno.permissions.querySync(permission).state === "granted";
}

/** Throws unless Deno has granted this already, where it would prompt. */
export function requirePermission(name: "read" | "write", path: string): void {
  if (!isPermitted({ name, path })) throw new Error(`Deno needs --allow-${name}=${path}`);
}
