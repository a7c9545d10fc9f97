/** Whether `value` must be awaited; by shape, because it may be of another realm. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as { then?: unknown }).then === "function";
}

/**
 * The promise that adopts `value`, or `undefined` if `value` is not a thenable
 * and the caller need not wait.
 *
 * The promise settles once, however often the thenable does. It rejects if
 * `then` throws, or if reading `then` throws. `then` is read once.
 */
export function adopt<T>(value: T): Promise<Awaited<T>> | undefined {
  if (!isObject(value)) return undefined;
  let then: unknown;
  try {
    then = (value as { then?: unknown }).then;
    // A promise of this realm needs no other around it.
    if (then === Promise.prototype.then) return Promise.resolve(value);
  } catch (reason) {
    return Promise.reject(reason);
  }
  return typeof then === "function" ? callThen(value, then) : undefined;
}

/**
 * Calls a function of the user's, and reports the error that it throws or rejects with.
 *
 * @returns A promise that resolves when the call is over; `undefined`: it is over already.
 */
export function callReporting(
  call: () => unknown,
  report: (error: unknown) => void,
): Promise<unknown> | undefined {
  try {
    return adopt(call())?.then(undefined, report);
  } catch (error) {
    report(error);
    return undefined;
  }
}

/** Apart from {@linkcode adopt}, which must not allocate a closure per plain value. */
function callThen<T>(value: T, then: unknown): Promise<Awaited<T>> {
  return new Promise((resolve, reject) => {
    (then as PromiseLike<Awaited<T>>["then"]).call(
      value as PromiseLike<Awaited<T>>,
      resolve,
      reject,
    );
  });
}

function isObject(value: unknown): value is object {
  return value !== null && (typeof value === "object" || typeof value === "function");
}
