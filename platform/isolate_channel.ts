// Messages between the isolates of this process: its main thread and its workers.

import { clearTimeout, setTimeout } from "node:timers";
import { BroadcastChannel } from "node:worker_threads";

/** Reaches every other isolate of this process that has the same channel open. */
export interface IsolateChannel {
  /** Sends at once, even if this isolate is busy afterwards. */
  post(message: unknown): void;
  close(): void;
}

/** Whether this isolate has closed a channel. */
let hasClosed = false;

/** Milliseconds after which a channel that follows a closed one is surely in working order. */
const SETTLED = 50;

/**
 * Opens a channel that does not keep the process alive. It needs no permission.
 *
 * @param receive Called in a later task with each message of another channel of that name.
 */
export function openIsolateChannel(
  name: string,
  receive: (message: unknown) => void,
): IsolateChannel {
  let channel = connect(name, receive);
  const post = (message: unknown) => {
    try {
      channel.postMessage(message);
    } catch (error) {
      // In Deno, closing the last channel of an isolate breaks one that was
      // opened at about the same time: it receives nothing, and this is how it
      // shows. A new one works; if not, the error is thrown.
      if (!(error instanceof TypeError)) throw error;
      channel.close();
      channel = connect(name, receive);
      channel.postMessage(message);
    }
  };
  // The first message shows whether the channel works, so that it is sent late
  // enough to tell.
  let pending: unknown[] | undefined = hasClosed ? [] : undefined;
  const timer = pending && setTimeout(() => {
    const messages = pending!;
    pending = undefined;
    try {
      messages.forEach(post);
    } catch {
      // Nobody awaits this. The next message fails too, and its sender hears of it.
    }
  }, SETTLED).unref();
  return {
    post: (message) => pending === undefined ? post(message) : void pending.push(message),
    close() {
      clearTimeout(timer);
      channel.close();
      hasClosed = true;
    },
  };
}

function connect(name: string, receive: (message: unknown) => void): BroadcastChannel {
  // Deno's global BroadcastChannel has no unref(); the one of node:worker_threads has.
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event) => receive((event as { data: unknown }).data);
  channel.unref();
  return channel;
}
