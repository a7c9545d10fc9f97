// A server whose requests take memory in one of several ways, behind one of
// several protections. Arguments: workload, protection, and milliseconds until
// a cost doubles. Prints its port.

import type http from "node:http";
import process from "node:process";
import { LoadShedder, type Pass, type Rejection, releaseWith, shed } from "../../../http.ts";
import { serve } from "../serve.ts";
import { stream, work } from "./costly.ts";
import { type Admission, protections } from "./protections.ts";

const workload = process.argv[2] ?? "prompt";
const protection = process.argv[3] ?? "bare";
serve(web, node);

function web(): (request: Request) => Response | Promise<Response> {
  const answer = async ({ url }: Request) =>
    workload === "streaming"
      ? new Response(ReadableStream.from(stream()))
      : new Response(await work(workload, new URL(url).pathname));
  if (protection === "bare") return answer;
  if (protection === "shed") return shed(answer, { learn: true });
  const admit = protections(protection);
  return async (request) => {
    const admission = admit();
    if (admission === undefined) return new Response("busy\n", { status: 503 });
    const response = await answer(request);
    if (workload !== "streaming") {
      admission.release();
      return response;
    }
    const [body, end] = [response.body!, new TransformStream({ flush: admission.release })];
    return new Response(body.pipeThrough(end), response);
  };
}

function node(): http.RequestListener {
  const shedder = protection === "shed" ? new LoadShedder({ learn: true }) : undefined;
  const admit = shedder === undefined ? protections(protection) : undefined;
  return async (request, response) => {
    const admission: Pass | Rejection | Admission | undefined = shedder === undefined
      ? admit!()
      : await shedder.admitSoon(request);
    if (admission === undefined || ("admitted" in admission && !admission.admitted)) {
      response.writeHead(503).end("busy\n");
      return;
    }
    releaseWith(admission as Pass, request, response);
    if (workload !== "streaming") {
      return void response.end(await work(workload, request.url ?? "/"));
    }
    for await (const chunk of stream()) response.write(chunk);
    response.end();
  };
}
