// When the body of a web-standard response has been sent. No standard tells, and
// a body must not be wrapped that is not a stream: it would lose its length.

/** The part of Deno's second argument that tells when the response has been sent. */
interface Completion {
  readonly completed?: unknown;
}

/** The function of Bun that shows a response, and with that the sort of its body. */
interface Runtime {
  readonly Bun?: { inspect(value: unknown, options: { depth: number }): string };
}

/** Responses of one content type that are looked at, and one in how many later. */
const FIRST = 8;
const LATER = 64;
/** Content types that are told apart. */
const MOST_TYPES = 64;

interface Seen {
  count: number;
  streams: boolean;
}

/** Tells when responses have been sent: in Deno by the server, in Bun by the body. */
export class Sent {
  readonly #seen = new Map<string | null, Seen>();

  /**
   * Calls `release` when the response has been sent, or at once where that is
   * not known.
   *
   * @param rest What the server passed with the request.
   * @returns The response to send.
   */
  follow(response: Response, rest: unknown[], release: () => void): Response {
    const completed = (rest[0] as Completion | undefined)?.completed;
    if (completed instanceof Promise) {
      completed.then(release, release);
      return response;
    }
    const body = this.#isStream(response) ? response.body : null;
    if (body === null || body.locked) {
      release();
      return response;
    }
    return new Response(tracked(body, release), response);
  }

  /** Looking costs more than most handlers, so few responses of a type without streams are. */
  #isStream(response: Response): boolean {
    const { Bun } = globalThis as Runtime;
    if (Bun === undefined) return false;
    const type = response.headers.get("content-type");
    let seen = this.#seen.get(type);
    if (seen === undefined) {
      if (this.#seen.size >= MOST_TYPES) this.#seen.clear();
      this.#seen.set(type, seen = { count: 0, streams: false });
    }
    seen.count++;
    if (!seen.streams && seen.count > FIRST && seen.count % LATER !== 0) return false;
    const isStream = Bun.inspect(response, { depth: 0 }).includes("ReadableStream");
    if (isStream) seen.streams = true;
    return isStream;
  }
}

/** The same stream, with a call at its end. */
function tracked(body: ReadableStream<Uint8Array>, end: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
