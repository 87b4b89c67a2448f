import type { ServerResponse } from "node:http";
import type { Cursor } from "./cursor.ts";
import type { Frame } from "./frames.ts";

const RECONNECT_MS = 1000;
const HEARTBEAT_MS = 15_000;
/** What may wait to be sent to one reader; a reader that reads at all never comes near it. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024;

/** One open connection. What it cannot take is left out; it is never kept waiting in memory. */
export type Reader = {
  /** Its place; while it follows the feed, no frame before it is sent. */
  readonly cursor: Cursor;
  readonly closed: () => boolean;
  /** Sends a frame, or leaves it out while the connection is full. */
  readonly offer: (frame: Frame) => void;
  /** Sends a frame when there is room for it. */
  readonly send: (frame: Frame) => Promise<void>;
  /** `again`: there is more to come, on this server once it is back or on another. */
  readonly end: (how?: { readonly again: boolean }) => void;
};

const isSeen = ({ place }: Frame, { arrival, second, seqs }: Cursor): boolean => {
  if (place === undefined) return false;
  if ("arrival" in place) return place.arrival <= arrival;
  return "second" in place
    ? place.second <= second
    : place.seq <= (seqs.get(place.masterInstanceId) ?? 0);
};

export const createReader = (
  response: ServerResponse,
  cursor: Cursor,
  onClose: () => void,
): Reader => {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "x-accel-buffering": "no",
  });
  response.flushHeaders();
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": still here\n\n");
  }, HEARTBEAT_MS);
  response.on("close", () => {
    clearInterval(beat);
    onClose();
  });
  const closed = (): boolean => response.destroyed || response.writableEnded;
  return {
    cursor,
    closed,
    offer: (frame) => {
      if (isSeen(frame, cursor) || closed()) return;
      if (response.writableLength > MOST_WAITING_BYTES) return;
      response.write(frame.bytes);
    },
    send: async (frame) => {
      if (closed()) return;
      if (!response.write(frame.bytes)) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            response.off("drain", done);
            response.off("close", done);
            resolve();
          };
          response.on("drain", done);
          response.on("close", done);
        });
      }
    },
    end: ({ again } = { again: false }) => {
      if (closed()) return;
      if (again) {
        response.write(
          `retry: ${RECONNECT_MS}\n: this server is stopping; connect again with Last-Event-ID\n\n`,
        );
      }
      response.end();
    },
  };
};
