import type { ServerResponse } from "node:http";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { decodeCursor } from "./cursor.ts";
import { createFeed, type FeedDeps } from "./feed.ts";

export type Streams = {
  /**
   * A new reader of a run: from the event `lastEventId` on, or from now. Throws AppError validation where that is not an
   * event's id.
   */
  readonly reader: (
    run: LoadTestRun,
    lastEventId: string | undefined,
  ) => (response: ServerResponse) => void;
  /** Something of a run has been stored: read it now. */
  readonly wake: (runId: string) => void;
  /** How many connections are open. */
  readonly readers: () => number;
  readonly stop: () => void;
};

/** Live streams of runs (server-sent events): one feed for each run that has readers. */
export const createStreams = (deps: FeedDeps): Streams => {
  const feeds = new Map<string, ReturnType<typeof createFeed>>();
  const feedOf = (runId: string) => {
    const existing = feeds.get(runId);
    if (existing !== undefined) return existing;
    const feed = createFeed(deps, runId, () => {
      if (feeds.get(runId) === feed) feeds.delete(runId);
    });
    feeds.set(runId, feed);
    return feed;
  };
  return {
    reader: (run, lastEventId) => {
      const from = lastEventId === undefined ? undefined : decodeCursor(lastEventId);
      return (response) => feedOf(run.id).open(run, from, response);
    },
    wake: (runId) => feeds.get(runId)?.wake(),
    readers: () => [...feeds.values()].reduce((sum, feed) => sum + feed.readers(), 0),
    stop: () => {
      for (const feed of feeds.values()) feed.end();
    },
  };
};
