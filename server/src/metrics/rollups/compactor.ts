import { Worker } from "node:worker_threads";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Block, MetricStore, SampleRow } from "../../stores/ports.ts";
import { RECORD } from "../codec/batch.ts";
import { BLOCK_SECONDS, blockStart, FACTS, META } from "../codec/rollup.ts";
import type { Done, Work } from "./compactor-worker.ts";

/** A window is merged when it is this old, in seconds: by then its last figures have come. */
const SETTLED_SECONDS = 15;
/** Runs take turns over this many seconds, so that not all of them are merged at once. */
const STAGGER_SECONDS = 45;
const LOOK_MS = 5000;
const EXPIRE_MS = 3_600_000;

/** How long cells of one second and of ten are kept; those of a minute stay. */
export type Retention = { readonly secondsDays: number; readonly tenSecondsDays: number };
const DAY_SECONDS = 86_400;

export type Merger = {
  /** Looks again and again. */
  readonly start: () => void;
  /** One look: merges what is old enough. */
  readonly look: () => Promise<void>;
  /** Resolves when what is under way has ended. */
  readonly stop: () => Promise<void>;
};

/** The same every time, and spread over the runs. */
const delayOf = (runId: string): number => {
  let hash = 0;
  for (let at = 0; at < runId.length; at += 1) hash = (hash * 31 + runId.charCodeAt(at)) % 9973;
  return hash % STAGGER_SECONDS;
};

/** A thread that builds blocks; it is made when first needed, and again when it has failed. */
const createBuilder = () => {
  const waiting = new Map<
    number,
    { resolve: (blocks: readonly Block[]) => void; reject: (error: Error) => void }
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
      name: "load-manager merger",
    });
    made.unref();
    made.on("message", (done: Done) => {
      const waiter = waiting.get(done.id);
      waiting.delete(done.id);
      if ("blocks" in done) waiter?.resolve(done.blocks);
      else waiter?.reject(new Error(done.error));
    });
    made.on("error", fail);
    made.on("exit", () => fail(new Error("the thread that merges figures has ended")));
    worker = made;
    return made;
  };
  return {
    build: (work: Omit<Work, "id">): Promise<readonly Block[]> =>
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
 * Turns samples into blocks, window by window: the samples of a window and the blocks that it has already become new
 * blocks, and the samples go, in one step of the store. So a figure is always in exactly one place, and a kill at any
 * moment loses nothing and counts nothing twice.
 */
export const createMerger = (deps: {
  readonly metrics: MetricStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
  /** Runs that keep all their figures. */
  readonly keptRunIds: () => Promise<string[]>;
}): Merger => {
  const { metrics, clock, log, retention } = deps;
  const builder = createBuilder();
  let timer: NodeJS.Timeout | undefined;
  const ending = new AbortController();
  let expireAt = 0;

  const mergeWindow = async (runId: string, start: number): Promise<void> => {
    const at = { fromStart: start, toStart: start };
    const { blocks, rows } = await metrics.readBlocks(runId, {
      blocks: [
        { level: 1, series: "endpoints", ...at },
        { level: 1, series: [FACTS], ...at },
        { level: 0, series: [META], ...at },
      ],
      rows: { fromSecond: start, toSecond: start + BLOCK_SECONDS - 1 },
    });
    const expired =
      blocks.some(({ level }) => level === 0) && !blocks.some(({ level }) => level === 1);
    if (expired) throw new Error("its seconds have been taken away by the retention");
    const samples: SampleRow[] = rows.filter(({ type }) => type === RECORD.sample);
    if (samples.length === 0) return;
    // Where somebody was first, the next look sees what is left.
    await metrics.merge(
      runId,
      samples,
      await builder.build({ runId, start, rows: samples, before: blocks }),
    );
  };

  /** Window after window, until no run has one that is old enough. */
  const mergeDue = async (): Promise<void> => {
    const failed = new Set<string>();
    while (!ending.signal.aborted) {
      const now = Math.floor(clock.now() / 1000) - SETTLED_SECONDS;
      const due = (await metrics.unmerged(blockStart(now))).filter(
        ({ runId, second }) => second < blockStart(now - delayOf(runId)) && !failed.has(runId),
      );
      if (due.length === 0) return;
      for (const { runId, second } of due) {
        if (ending.signal.aborted) return;
        try {
          await mergeWindow(runId, blockStart(second));
        } catch (error) {
          failed.add(runId);
          log.error({ runId, error: messageOf(error) }, "figures could not be merged; tried again");
        }
      }
    }
  };

  const look = async (): Promise<void> => {
    const now = Math.floor(clock.now() / 1000);
    await mergeDue();
    if (clock.now() < expireAt) return;
    expireAt = clock.now() + EXPIRE_MS;
    const kept = await deps.keptRunIds();
    await metrics.expire(1, now - retention.secondsDays * DAY_SECONDS, kept);
    await metrics.expire(10, now - retention.tenSecondsDays * DAY_SECONDS, kept);
  };

  const looking = async (): Promise<void> => {
    try {
      await look();
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
    look,
    stop: async () => {
      ending.abort();
      clearTimeout(timer);
      await current;
      await builder.stop();
    },
  };
};
