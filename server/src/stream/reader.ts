import type { ServerResponse } from "node:http";
import type { Cursor } from "./cursor.ts";
import type { Frame } from "./frames.ts";

const RECONNECT_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** How much may wait to be sent to one reader. A connection that takes anything at all stays far below it. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** One open connection. Frames that it cannot take are left out instead of waiting in memory. */
export type Reader = {
  /** The position at which the reader joined the feed; earlier frames are not sent. */
  readonly cursor: Cursor;
  readonly isClosed: () => boolean;
  /** Sends a frame, or leaves it out while too much is waiting. */
  readonly offer: (frame: Frame) => void;
  /** Sends a frame; resolves when there is room for the next one. */
  readonly send: (frame: Frame) => Promise<void>;
  /** `reconnect`: the stream continues, on this server after its restart or on another one. */
  readonly end: (options?: { readonly reconnect: boolean }) => void;
};

const isReceived = ({ position }: Frame, { arrival, second, seqs }: Cursor): boolean => {
  if (position === undefined) return false;
  if ("arrival" in position) return position.arrival <= arrival;
  if ("second" in position) return position.second <= second;
  return position.seq <= (seqs.get(position.masterInstanceId) ?? 0);
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

export const createReader = (
  response: ServerResponse,
  cursor: Cursor,
  onClose: () => void,
  onDropped: () => void,
): Reader => {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": heartbeat\n\n");
  }, HEARTBEAT_MS);
  response.on("close", () => {
    clearInterval(heartbeat);
    onClose();
  });
  const isClosed = (): boolean => response.destroyed || response.writableEnded;
  return {
    cursor,
    isClosed,
    offer: (frame) => {
      if (isReceived(frame, cursor) || isClosed()) return;
      if (response.writableLength > MAX_WAITING_BYTES) return onDropped();
      response.write(frame.bytes);
    },
    send: async (frame) => {
      if (isClosed()) return;
      if (!response.write(frame.bytes)) await drained(response);
    },
    end: ({ reconnect } = { reconnect: false }) => {
      if (isClosed()) return;
      if (reconnect) {
        response.write(
          `retry: ${RECONNECT_MS}\n: this server is stopping; reconnect with Last-Event-ID\n\n`,
        );
      }
      response.end();
    },
  };
};
