import type { ServerResponse } from "node:http";
import { setImmediate, setTimeout } from "node:timers/promises";
import { type LoadTestRun, RunEvent, RunSummary } from "@load-manager/contract/run.ts";
import { z } from "zod";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { RunAggregateCache } from "../metrics/live/run-aggregate-cache.ts";
import type { Stores } from "../stores/ports.ts";
import { beginning, type Cursor, decodeCursor, isAsFarAs } from "./cursor.ts";
import { type Frame, looseFrame, mergedFrames, nextFrames } from "./frames.ts";
import { createReader, type Reader } from "./reader.ts";

type Deps = {
  readonly stores: Pick<Stores, "runs" | "events" | "metrics">;
  readonly aggregates: RunAggregateCache;
  readonly log: Log;
};

export type Streams = {
  /** A new reader of a run: from a place on, or from now. Throws AppError validation for a place that is none. */
  readonly reader: (
    run: LoadTestRun,
    lastEventId: string | undefined,
  ) => (response: ServerResponse) => void;
  /** Something of a run has been stored: do not wait for the next look. */
  readonly wake: (runId: string) => void;
  readonly stop: () => void;
};

/** How often the store is queried at while nobody wakes us: another server may have taken the figures in. */
const LOOK_MS = 1000;
const CATCH_UP_MS = 50;

const stateFrame = (run: LoadTestRun, cursor: Cursor): Frame => {
  const { status, statusReason, health, verdict, updatedAt } = run;
  const why = statusReason === undefined ? "" : `: ${statusReason.message}`;
  const code = statusReason === undefined ? {} : { code: statusReason.code };
  const event = {
    at: updatedAt,
    type: "status",
    message: `${status}${why}`,
    data: { to: status, health, verdict, ...code },
  };
  return looseFrame("status", cursor, z.encode(RunEvent, event));
};

const endFrame = (run: LoadTestRun, cursor: Cursor): Frame => {
  const { id: runId, status, endCause, summary } = run;
  return looseFrame("end", cursor, {
    runId,
    status,
    ...(endCause === undefined ? {} : { endCause }),
    ...(summary === undefined ? {} : { summary: z.encode(RunSummary, summary) }),
  });
};

/** Follows one run for all its readers: reads the store when woken, makes each event once. */
const createFeed = (deps: Deps, runId: string, onEmpty: () => void) => {
  const { stores } = deps;
  const readers = new Set<Reader>();
  /** Also those that are still catching up. */
  const connected = new Set<Reader>();
  let following = false;
  let rouse: (() => void) | undefined;
  let woken = false;

  const place = async () => {
    const { lastSecond, masterInstances, names } = await deps.aggregates.getWithoutTotals(runId);
    const seqs = [...masterInstances].map(
      ([masterInstanceId, { upTo, beyond }]): [string, number] => [
        masterInstanceId,
        [...beyond].reduce((last, seq) => Math.max(last, seq), upTo),
      ],
    );
    const cursor: Cursor = { second: lastSecond, arrival: 0, seqs: new Map(seqs) };
    for (;;) {
      const events = await stores.events.after(runId, cursor.arrival, 1000);
      cursor.arrival = events.at(-1)?.arrival ?? cursor.arrival;
      if (events.length < 1000) return { cursor, names: new Map(names) };
    }
  };
  const begun = place();

  const nap = (): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        rouse = undefined;
        resolve();
      };
      const timer = globalThis.setTimeout(done, LOOK_MS);
      rouse = done;
      if (woken) done();
      woken = false;
    });

  const follow = async (): Promise<void> => {
    following = true;
    const at = await begun.catch(() => undefined);
    if (at === undefined) return onEmpty();
    while (connected.size > 0) {
      try {
        const run = await stores.runs.get(runId);
        const frames = await nextFrames(stores, runId, at.cursor, at.names);
        for (const frame of frames) for (const reader of readers) reader.offer(frame);
        // Between two readings the connections have their turn.
        if (frames.length > 0) {
          await setImmediate();
          continue;
        }
        if (run === undefined || run.settledAt !== undefined) {
          const last: Frame[] = [];
          for await (const frame of mergedFrames(stores.metrics, runId, at.cursor, at.names))
            last.push(frame);
          if (run !== undefined) last.push(endFrame(run, at.cursor));
          for (const reader of readers) {
            for (const frame of last) reader.offer(frame);
            reader.end();
          }
        }
      } catch (error) {
        deps.log.warn({ runId, error: messageOf(error) }, "a stream could not be read on");
      }
      await nap();
    }
    following = false;
    onEmpty();
  };

  /** Sends what a reader has missed, then lets it follow. */
  const catchUp = async (reader: Reader): Promise<void> => {
    const { cursor, names } = await begun;
    while (!reader.closed()) {
      for await (const frame of mergedFrames(stores.metrics, runId, reader.cursor, names)) {
        await reader.send(frame);
      }
      const frames = await nextFrames(stores, runId, reader.cursor, names);
      for (const frame of frames) await reader.send(frame);
      if (frames.length > 0) continue;
      if (isAsFarAs(reader.cursor, cursor)) return;
      // The feed has just read what comes next.
      await setTimeout(CATCH_UP_MS);
    }
  };

  return {
    wake: (): void => {
      woken = true;
      rouse?.();
    },
    open: (run: LoadTestRun, from: Cursor | undefined, response: ServerResponse): void => {
      const own = from ?? beginning();
      const reader = createReader(response, own, () => {
        readers.delete(reader);
        connected.delete(reader);
        rouse?.();
      });
      connected.add(reader);
      if (!following) void follow();
      const join = async (): Promise<void> => {
        if (from === undefined) {
          const { cursor } = await begun;
          Object.assign(own, { ...cursor, seqs: new Map(cursor.seqs) });
          await reader.send(stateFrame(run, own));
        } else await catchUp(reader);
        if (!reader.closed()) readers.add(reader);
        rouse?.();
      };
      join().catch((error: unknown) => {
        deps.log.warn({ runId, error: messageOf(error) }, "a stream could not be begun");
        response.destroy();
      });
    },
    end: (): void => {
      for (const reader of connected) reader.end({ again: true });
    },
  };
};

/** Live streams of runs: one feed for each run that somebody reads. */
export const createStreams = (deps: Deps): Streams => {
  const feeds = new Map<string, ReturnType<typeof createFeed>>();
  const feedOf = (runId: string) => {
    const known = feeds.get(runId);
    if (known !== undefined) return known;
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
    stop: () => {
      for (const feed of feeds.values()) feed.end();
    },
  };
};
