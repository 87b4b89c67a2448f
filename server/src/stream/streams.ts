import type { ServerResponse } from "node:http";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Visible } from "../stores/model/collection.ts";
import type { Changes } from "./changes.ts";
import { type Connection, openConnection } from "./connection.ts";
import { decodeCursor } from "./cursor.ts";
import { createFeed, type FeedDeps } from "./feed.ts";
import { createHintReader } from "./hints.ts";

type Open = (response: ServerResponse) => void;

export type Streams = {
  /**
   * A new reader of a run: from the event `lastEventId` on, or from now. Throws AppError validation where that is not an
   * event's id.
   */
  readonly reader: (run: LoadTestRun, lastEventId: string | undefined) => Open;
  /** A new reader of all changes that `visible` shows, and of a run where one is given. Throws like `reader`. */
  readonly changesReader: (
    visible: Visible,
    run: LoadTestRun | undefined,
    lastEventId: string | undefined,
  ) => Open;
  /** Something of a run has been stored: read it now. */
  readonly wake: (runId: string) => void;
  /** How many connections are open. */
  readonly readers: () => number;
  readonly stop: () => void;
};

/** Live streams (server-sent events): one feed for each run that has readers, and the changes for all others. */
export const createStreams = (
  deps: FeedDeps & { readonly changes: Pick<Changes, "add"> },
): Streams => {
  const feeds = new Map<string, ReturnType<typeof createFeed>>();
  const connections = new Set<Connection>();
  const feedOf = (runId: string) => {
    const existing = feeds.get(runId);
    if (existing !== undefined) return existing;
    const feed = createFeed(deps, runId, () => {
      if (feeds.get(runId) === feed) feeds.delete(runId);
    });
    feeds.set(runId, feed);
    return feed;
  };
  const connect = (response: ServerResponse): Connection => {
    const connection = openConnection(response);
    connections.add(connection);
    connection.onClose(() => void connections.delete(connection));
    return connection;
  };
  const cursorOf = (lastEventId: string | undefined) =>
    lastEventId === undefined ? undefined : decodeCursor(lastEventId);
  return {
    reader: (run, lastEventId) => {
      const from = cursorOf(lastEventId);
      return (response) => {
        const connection = connect(response);
        feedOf(run.id).open(run, { connection, from, endsConnection: true });
      };
    },
    changesReader: (visible, run, lastEventId) => {
      const from = cursorOf(lastEventId);
      return (response) => {
        const connection = connect(response);
        connection.onClose(deps.changes.add(createHintReader(connection, visible)));
        if (run !== undefined)
          feedOf(run.id).open(run, { connection, from, endsConnection: false });
      };
    },
    wake: (runId) => feeds.get(runId)?.wake(),
    readers: () => connections.size,
    stop: () => {
      for (const connection of connections) connection.end({ reconnect: true });
    },
  };
};
