// What one sample costs under Deno, against others and part by part:
// `deno task bench`. For all three runtimes: `deno task bench:report`.

import { contestants } from "./support/contestants.ts";
import { filesOfOneSample } from "./support/files_of_one_sample.ts";
import { parts } from "./support/parts.ts";

const files = filesOfOneSample();
for (const [i, { name, ask }] of contestants(files).entries()) {
  Deno.bench(name, { group: "sample", baseline: i === 0 }, async () => void await ask());
}
for (const { name, ask } of parts(files)) {
  Deno.bench(name, { group: "part" }, () => void ask());
}
