// A JSON server on Fastify: takes a list of records, up to 4 MB, and answers
// with the records sorted and summed up. It ends at POST /end.

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const fastify = require("fastify");

const app = fastify({ bodyLimit: 16 * 1024 * 1024 });
app.post("/records", ({ body }) => {
  const sums = {};
  for (const { group, value } of body) sums[group] = (sums[group] ?? 0) + value;
  const sorted = body.map((record) => ({ ...record, share: record.value / sums[record.group] }))
    .sort((a, b) => b.share - a.share);
  return { sums, sorted };
});
app.post("/end", (_request, reply) => {
  reply.send({});
  setImmediate(() => process.exit(0));
});
console.log(await app.listen({ port: 0, host: "127.0.0.1" }));
