import { Worker } from "node:worker_threads";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Rollup, MetricStore, MetricRecord } from "../../stores/ports.ts";
import { RECORD } from "../codec/batch.ts";
import { ROLLUP_SECONDS, rollupStart, SERIES } from "../codec/rollup.ts";
import type { Done, Work } from "./compactor-worker.ts";

/** A window is compacted when it is this old, in seconds: by then its last figures have come. */
const SETTLED_SECONDS = 15;
/** Runs take turns over this many seconds, so that not all of them are compacted at once. */
const STAGGER_SECONDS = 45;
const LOOK_MS = 5000;
const EXPIRE_MS = 3_600_000;

/** How long cells of one second and of ten are kept; those of a minute stay. */
export type Retention = { readonly secondsDays: number; readonly tenSecondsDays: number };
const DAY_SECONDS = 86_400;

export type Compactor = {
  /** Looks again and again. */
  readonly start: () => void;
  /** One look: merges what is old enough. */
  readonly runOnce: () => Promise<void>;
  /** Resolves when what is under way has ended. */
  readonly stop: () => Promise<void>;
};

/** The same every time, and spread over the runs. */
const delayOf = (runId: string): number => {
  let hash = 0;
  for (let at = 0; at < runId.length; at += 1) hash = (hash * 31 + runId.charCodeAt(at)) % 9973;
  return hash % STAGGER_SECONDS;
};

/** A thread that builds rollups; it is made when first needed, and again when it has failed. */
const createBuilder = () => {
  const waiting = new Map<
    number,
    { resolve: (rollups: readonly Rollup[]) => void; reject: (error: Error) => void }
  >();
  let worker: Worker | undefined;
  let count = 0;
  const fail = (error: Error): void => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const thread = (): Worker => {
    if (worker !== undefined) return worker;
    const made = new Worker(new URL("./compactor-worker.ts", import.meta.url), {
      name: "load-manager compactor",
    });
    made.unref();
    made.on("message", (done: Done) => {
      const waiter = waiting.get(done.id);
      waiting.delete(done.id);
      if ("rollups" in done) waiter?.resolve(done.rollups);
      else waiter?.reject(new Error(done.error));
    });
    made.on("error", fail);
    made.on("exit", () => fail(new Error("the thread that merges figures has ended")));
    worker = made;
    return made;
  };
  return {
    build: (work: Omit<Work, "id">): Promise<readonly Rollup[]> =>
      new Promise((resolve, reject) => {
        count += 1;
        waiting.set(count, { resolve, reject });
        thread().postMessage({ id: count, ...work }, []);
      }),
    stop: async () => {
      await worker?.terminate();
    },
  };
};

/**
 * Turns samples into rollups, window by window: the samples of a window and the rollups that it has already become new
 * rollups, and the samples go, in one step of the store. So a figure is always in exactly one place, and a kill at any
 * moment loses nothing and counts nothing twice.
 */
export const createCompactor = (deps: {
  readonly metrics: MetricStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
  /** Runs that keep all their figures. */
  readonly keptRunIds: () => Promise<string[]>;
}): Compactor => {
  const { metrics, clock, log, retention } = deps;
  const builder = createBuilder();
  let timer: NodeJS.Timeout | undefined;
  const ending = new AbortController();
  let expireAt = 0;

  const compactWindow = async (runId: string, start: number): Promise<void> => {
    const at = { fromStart: start, toStart: start };
    const { rollups, rows } = await metrics.readRollups(runId, {
      rollups: [
        { level: 1, series: "endpoints", ...at },
        { level: 1, series: [SERIES.run], ...at },
        { level: 0, series: [SERIES.meta], ...at },
      ],
      rows: { fromSecond: start, toSecond: start + ROLLUP_SECONDS - 1 },
    });
    const expired =
      rollups.some(({ level }) => level === 0) && !rollups.some(({ level }) => level === 1);
    if (expired) throw new Error("its seconds have been taken away by the retention");
    const samples: MetricRecord[] = rows.filter(({ type }) => type === RECORD.sample);
    if (samples.length === 0) return;
    // Where somebody was first, the next look sees what is left.
    await metrics.compact(
      runId,
      samples,
      await builder.build({ runId, start, rows: samples, before: rollups }),
    );
  };

  /** Window after window, until no run has one that is old enough. */
  const compactDue = async (): Promise<void> => {
    const failed = new Set<string>();
    while (!ending.signal.aborted) {
      const now = Math.floor(clock.now() / 1000) - SETTLED_SECONDS;
      const due = (await metrics.uncompacted(rollupStart(now))).filter(
        ({ runId, second }) => second < rollupStart(now - delayOf(runId)) && !failed.has(runId),
      );
      if (due.length === 0) return;
      for (const { runId, second } of due) {
        if (ending.signal.aborted) return;
        try {
          await compactWindow(runId, rollupStart(second));
        } catch (error) {
          failed.add(runId);
          log.error(
            { runId, error: messageOf(error) },
            "figures could not be compacted; tried again",
          );
        }
      }
    }
  };

  const runOnce = async (): Promise<void> => {
    const now = Math.floor(clock.now() / 1000);
    await compactDue();
    if (clock.now() < expireAt) return;
    expireAt = clock.now() + EXPIRE_MS;
    const kept = await deps.keptRunIds();
    await metrics.expire(1, now - retention.secondsDays * DAY_SECONDS, kept);
    await metrics.expire(10, now - retention.tenSecondsDays * DAY_SECONDS, kept);
  };

  const looking = async (): Promise<void> => {
    try {
      await runOnce();
    } catch (error) {
      log.error({ error: messageOf(error) }, "the look for figures to merge failed");
    }
    if (!ending.signal.aborted) timer = setTimeout(next, LOOK_MS);
  };
  let current: Promise<void> = Promise.resolve();
  const next = (): void => {
    current = looking();
  };

  return {
    start: next,
    runOnce,
    stop: async () => {
      ending.abort();
      clearTimeout(timer);
      await current;
      await builder.stop();
    },
  };
};
