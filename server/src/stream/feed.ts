import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { EndEvent } from "@load-manager/contract/api/metrics-detail.ts";
import { type LoadTestRun, RunEvent } from "@load-manager/contract/model/run.ts";
import { z } from "zod";
import { definedOnly } from "../lib/defined.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic } from "../lib/periodic.ts";
import type { Names } from "../metrics/query/sample-event.ts";
import type { RunReader } from "../stores/model/load-test-run.ts";
import type { Connection } from "./connection.ts";
import { copyCursor, type Cursor, hasReached, startCursor } from "./cursor.ts";
import {
  compactedFrames,
  type Frame,
  nextFrames,
  type StreamSources,
  unpositionedFrame,
} from "./frames.ts";
import { createReader, type Reader } from "./reader.ts";

export type FeedDeps = StreamSources & {
  readonly runs: Pick<RunReader, "get">;
  readonly log: Log;
  /** Called for each frame that a reader did not take. */
  readonly onDropped: () => void;
};

/** How often the store is read while nobody wakes the feed: another server may have stored something. */
const POLL_MS = 1000;
/** How long a reader that has caught up with the store waits for the feed. */
const CATCH_UP_MS = 50;
const EVENTS_AT_ONCE = 1000;

const statusFrame = (run: LoadTestRun, cursor: Cursor): Frame => {
  const { status, statusReason, health, verdict, updatedAt } = run;
  const reason = statusReason === undefined ? "" : `: ${statusReason.message}`;
  const code = statusReason === undefined ? {} : { code: statusReason.code };
  const event = {
    at: updatedAt,
    type: "status",
    message: `${status}${reason}`,
    data: { to: status, health, verdict, ...code },
  };
  return unpositionedFrame("status", cursor, z.encode(RunEvent, event));
};

const endFrame = (run: LoadTestRun, cursor: Cursor): Frame => {
  const { id: runId, status, verdict, endCause, summary } = run;
  const event = { runId, ...definedOnly({ endCause, summary }), status, verdict };
  return unpositionedFrame("end", cursor, z.encode(EndEvent, event));
};

type Position = { readonly cursor: Cursor; readonly names: Names };

/** The position after everything that is stored of a run now. */
const currentPosition = async (
  { samples, events }: StreamSources,
  runId: string,
): Promise<Position> => {
  const { position, names } = await samples.current(runId);
  const cursor: Cursor = { ...position, arrival: 0 };
  for (;;) {
    const page = await events.after(runId, cursor.arrival, EVENTS_AT_ONCE);
    cursor.arrival = page.at(-1)?.arrival ?? cursor.arrival;
    if (page.length < EVENTS_AT_ONCE) return { cursor, names };
  }
};

/** Sends readers what is new, and ends them where the run is settled or deleted; → whether there may be more. */
const advance = async (
  deps: FeedDeps,
  runId: string,
  { cursor, names }: Position,
  readers: ReadonlySet<Reader>,
): Promise<boolean> => {
  const run = await deps.runs.get(runId);
  const frames = await nextFrames(deps, runId, cursor, names);
  for (const frame of frames) for (const reader of readers) reader.offer(frame);
  if (frames.length > 0) return true;
  if (run !== undefined && run.settledAt === undefined) return false;
  const rest: Frame[] = [];
  for await (const frame of compactedFrames(deps, runId, cursor)) rest.push(frame);
  if (run !== undefined) rest.push(endFrame(run, cursor));
  for (const reader of readers) {
    for (const frame of rest) reader.offer(frame);
    reader.end();
  }
  return false;
};

/** Sends a reader everything between its cursor and the feed's. */
const catchUp = async (
  deps: FeedDeps,
  runId: string,
  reader: Reader,
  { cursor, names }: Position,
): Promise<void> => {
  while (!reader.isClosed()) {
    for await (const frame of compactedFrames(deps, runId, reader.cursor)) {
      await reader.send(frame);
    }
    const frames = await nextFrames(deps, runId, reader.cursor, names);
    for (const frame of frames) await reader.send(frame);
    if (frames.length > 0) continue;
    if (hasReached(reader.cursor, cursor)) return;
    // The feed is ahead: what it has read is in the store, or is compacted at this moment.
    await sleep(CATCH_UP_MS);
  }
};

/** Follows one run for all its readers: reads the store when woken, encodes each event once. */
export const createFeed = (deps: FeedDeps, runId: string, onEmpty: () => void) => {
  const { log } = deps;
  /** Readers that get every new frame. */
  const following = new Set<Reader>();
  /** These, and those that are still catching up. */
  const connected = new Set<Reader>();
  const position = currentPosition(deps, runId);

  const follower = createPeriodic({
    name: "stream_read",
    intervalMs: POLL_MS,
    fields: { runId },
    log,
    job: async () => {
      const current = await position.catch(() => undefined);
      // The readers are closed by their own joining; the next one gets a new feed.
      if (current === undefined) {
        onEmpty();
        return "done";
      }
      while (connected.size > 0) {
        if (!(await advance(deps, runId, current, following))) return undefined;
        // Lets the connections write between two reads.
        await setImmediate();
      }
      onEmpty();
      return "done";
    },
  });

  const join = async (reader: Reader, run: LoadTestRun, resumes: boolean): Promise<void> => {
    const current = await position;
    if (resumes) await catchUp(deps, runId, reader, current);
    else {
      Object.assign(reader.cursor, copyCursor(current.cursor));
      await reader.send(statusFrame(run, reader.cursor));
    }
    if (!reader.isClosed()) following.add(reader);
    follower.wake();
  };

  return {
    wake: follower.wake,
    /** `from` absent: the reader begins with the current status. */
    open: (
      run: LoadTestRun,
      to: {
        readonly connection: Connection;
        readonly from: Cursor | undefined;
        readonly endsConnection: boolean;
      },
    ): void => {
      const { connection, from, endsConnection } = to;
      const reader = createReader({
        connection,
        cursor: from ?? startCursor(),
        endsConnection,
        onClose: () => {
          following.delete(reader);
          connected.delete(reader);
          follower.wake();
        },
        onDropped: deps.onDropped,
      });
      connected.add(reader);
      follower.start();
      join(reader, run, from !== undefined).catch((error: unknown) => {
        log.warn(
          { event: "stream_open_failed", runId, error: messageOf(error) },
          "A live stream of the run could not be opened; the connection is closed.",
        );
        connection.destroy();
      });
    },
  };
};
