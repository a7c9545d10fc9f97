import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { describe, it } from "node:test";
import { LoadShedder, releaseWith } from "../../http.ts";

const CONNECTIONS = 10;
const PIPELINED = 5;

describe("releaseWith()", () => {
  it("releases each answered request, and those of connections that are reset", async () => {
    const shedder = new LoadShedder({ trial: false, headroom: "0.1%" });
    let arrived = 0;
    let released = 0;
    const progress: (() => void)[] = [];
    const wake = () => progress.splice(0).forEach((check) => check());
    const until = async (done: () => boolean) => {
      while (!done()) await new Promise<void>((resolve) => progress.push(resolve));
    };
    const server = http.createServer((request, response) => {
      const admission = shedder.admit(request);
      assert.ok(admission.admitted);
      releaseWith(
        {
          admitted: true,
          release() {
            const before = shedder.inFlight;
            admission.release();
            released += before - shedder.inFlight;
            wake();
          },
        },
        request,
        response,
      );
      arrived++;
      if (request.url === "/now") response.end("now\n");
      wake();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/now`)).text(), "now\n");
    await until(() => released === 1);

    const sockets = Array.from({ length: CONNECTIONS }, () => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n".repeat(PIPELINED));
      return socket;
    });
    // Servers that answer one by one do not read the others before.
    await until(() => arrived >= 1 + CONNECTIONS);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const socket of sockets) socket.resetAndDestroy();
    await until(() => released === arrived);
    assert.equal(shedder.inFlight, 0);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections?.();
    });
    shedder.close();
  });
});
