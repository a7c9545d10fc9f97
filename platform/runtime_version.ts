import process from "node:process";

/** What runs this, such as `{ name: "node", version: "24.1.0" }`. */
export function runtimeVersion(): { name: "deno" | "bun" | "node"; version: string } {
  const { deno, bun, node } = process.versions;
  if (deno !== undefined) return { name: "deno", version: deno };
  if (bun !== undefined) return { name: "bun", version: bun };
  return { name: "node", version: node };
}
