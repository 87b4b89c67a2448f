import type { ServerResponse } from "node:http";

const RECONNECT_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** How much may wait to be sent to one reader. A connection that takes anything at all stays far below it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** An open connection that takes server-sent events. */
export type Connection = {
  readonly isClosed: () => boolean;
  /** Writes an event; false where so much waits already that it is left out. */
  readonly offer: (bytes: Buffer) => boolean;
  /** Writes an event; resolves when there is room for the next one. */
  readonly send: (bytes: Buffer) => Promise<void>;
  readonly onClose: (listener: () => void) => void;
  /** `reconnect`: the stream continues, on this server after its restart or on another one. */
  readonly end: (options?: { readonly reconnect: boolean }) => void;
  /** The stream cannot be sent: the reader sees a broken connection. */
  readonly destroy: () => void;
};

const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });

export const openConnection = (response: ServerResponse): Connection => {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": heartbeat\n\n");
  }, HEARTBEAT_MS);
  response.on("close", () => clearInterval(heartbeat));
  const isClosed = (): boolean => response.destroyed || response.writableEnded;
  return {
    isClosed,
    offer: (bytes) => {
      if (isClosed()) return true;
      if (response.writableLength > MAX_WAITING_BYTES) return false;
      response.write(bytes);
      return true;
    },
    send: async (bytes) => {
      if (isClosed()) return;
      if (!response.write(bytes)) await drained(response);
    },
    onClose: (listener) => void response.on("close", listener),
    end: ({ reconnect } = { reconnect: false }) => {
      if (isClosed()) return;
      if (reconnect) {
        response.write(
          `retry: ${RECONNECT_MS}\n: this server is stopping; reconnect with Last-Event-ID\n\n`,
        );
      }
      response.end();
    },
    destroy: () => void response.destroy(),
  };
};
