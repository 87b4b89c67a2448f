import type { Connection } from "./connection.ts";
import type { Cursor } from "./cursor.ts";
import type { Frame } from "./frames.ts";

/** Who reads a run on a connection. Frames that it cannot take are left out instead of waiting in memory. */
export type Reader = {
  /** The position at which the reader joined the feed; earlier frames are not sent. */
  readonly cursor: Cursor;
  readonly isClosed: () => boolean;
  /** Sends a frame, or leaves it out while too much is waiting. */
  readonly offer: (frame: Frame) => void;
  /** Sends a frame; resolves when there is room for the next one. */
  readonly send: (frame: Frame) => Promise<void>;
  /** The run has ended. */
  readonly end: () => void;
};

const isReceived = ({ position }: Frame, { arrival, second, seqs }: Cursor): boolean => {
  if (position === undefined) return false;
  if ("arrival" in position) return position.arrival <= arrival;
  if ("second" in position) return position.second <= second;
  return position.seq <= (seqs.get(position.masterInstanceId) ?? 0);
};

export const createReader = (input: {
  readonly connection: Connection;
  readonly cursor: Cursor;
  /** Whether the connection ends with the run; else it is for other events too. */
  readonly endsConnection: boolean;
  /** Called once: the connection is closed, or the run has ended. */
  readonly onClose: () => void;
  readonly onDropped: () => void;
}): Reader => {
  const { connection, cursor, endsConnection, onDropped } = input;
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    input.onClose();
  };
  connection.onClose(close);
  const isClosed = (): boolean => !isOpen || connection.isClosed();
  return {
    cursor,
    isClosed,
    offer: (frame) => {
      if (isReceived(frame, cursor) || isClosed()) return;
      if (!connection.offer(frame.bytes)) onDropped();
    },
    send: async (frame) => {
      if (!isClosed()) await connection.send(frame.bytes);
    },
    end: () => {
      if (endsConnection) connection.end();
      else close();
    },
  };
};
