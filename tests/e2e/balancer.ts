// A load balancer: it checks its backends, sends requests in turn to those that
// are ready, reuses connections, and never sends a request twice.

import http from "node:http";

/** Milliseconds between two checks of a backend. */
const CHECK_INTERVAL = 25;

interface Backend {
  readonly port: number;
  readonly agent: http.Agent;
  ready: boolean;
}

/** Balances over ports of this host. */
export class Balancer {
  readonly #backends = new Set<Backend>();
  #turn = 0;

  /** Adds a backend, which gets requests once a check succeeds; returns what removes it. */
  add(port: number): () => void {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 100 });
    const backend: Backend = { port, agent, ready: false };
    this.#backends.add(backend);
    const check = async () => {
      const answer = await ask({ port, path: "/readyz", agent: undefined });
      backend.ready = answer === "200";
    };
    void check();
    const timer = setInterval(check, CHECK_INTERVAL);
    return () => {
      clearInterval(timer);
      this.#backends.delete(backend);
      agent.destroy();
    };
  }

  /** The ports that are ready. */
  get ready(): number[] {
    return [...this.#backends].filter(({ ready }) => ready).map(({ port }) => port);
  }

  /** The status of one request, or what went wrong. */
  request(body?: Uint8Array): Promise<string> {
    const ready = [...this.#backends].filter(({ ready }) => ready);
    const backend = ready[this.#turn++ % ready.length];
    if (backend === undefined) return Promise.resolve("no backend is ready");
    return ask({ port: backend.port, path: "/", agent: backend.agent, body });
  }
}

/** Sends a request: the status, or what went wrong. */
export function ask({ port, path, agent, body }: {
  port: number;
  path: string;
  agent?: http.Agent | undefined;
  body?: Uint8Array | undefined;
}): Promise<string> {
  return new Promise((resolve) => {
    const request = http.request({
      host: "127.0.0.1",
      port,
      path,
      agent: agent ?? false,
      method: body === undefined ? "GET" : "POST",
    });
    const fail = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    request.on("error", fail);
    request.on("response", (response) => {
      response.on("error", fail);
      response.on("aborted", () => resolve("aborted"));
      response.on("end", () => resolve(String(response.statusCode)));
      response.resume();
    });
    request.end(body);
  });
}
