import { isThenable } from "../thenable.ts";

/** Makes the answers of a web-standard handler the last ones of their connections, when told to. */
export function closingHandler<Args extends unknown[], Result>(
  handler: (...args: Args) => Result,
  isClosing: () => boolean,
): (...args: Args) => Result {
  const wrapped = (...args: Args): Result => {
    const result = handler(...args);
    // Asked when the answer is ready, because retiring may begin in between.
    if (isThenable(result)) {
      return result.then((response) => isClosing() ? closeAfter(response) : response) as Result;
    }
    return isClosing() ? closeAfter(result) : result;
  };
  // Deno passes no request to a handler that declares no parameter.
  Object.defineProperty(wrapped, "length", { value: handler.length });
  return wrapped;
}

function closeAfter<Result>(response: Result): Result {
  // An answer to an upgrade, and what Bun takes for one, go on as they are.
  if (!(response instanceof Response) || response.status < 200) return response;
  try {
    response.headers.set("connection", "close");
    return response;
  } catch (error) {
    // The headers of a redirect, and of what fetch() gave, cannot be changed.
    if (!(error instanceof TypeError)) throw error;
    const headers = new Headers(response.headers);
    headers.set("connection", "close");
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers }) as Result;
  }
}
