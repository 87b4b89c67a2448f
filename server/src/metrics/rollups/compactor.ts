import { type Clock, expiryNow } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { createPeriodic } from "../../lib/periodic.ts";
import type { MetricStore, RollupQuery } from "../../stores/model/metric-store.ts";
import { LEVELS, ROLLUP_SECONDS, rollupStart, SERIES } from "../codec/rollup.ts";
import { TABLE_NAMES } from "../codec/rollup-table.ts";
import { createBuilder } from "./builder.ts";

/** How many seconds after its end a window is compacted: by then its last samples have arrived. */
const SETTLED_SECONDS = 15;
/** Runs are delayed by up to this many seconds, so that not all of them are compacted at once. */
const STAGGER_SECONDS = 45;
const PASS_INTERVAL_MS = 5000;
const EXPIRE_INTERVAL_MS = 3_600_000;
const DAY_SECONDS = 86_400;

/** How long cells of 1 s and of 10 s are kept; wider ones are kept as long as the run. */
export type Retention = { readonly secondsDays: number; readonly tenSecondsDays: number };

export type Compactor = {
  /** Compacts every 5 s from now on. */
  readonly start: () => void;
  /** Compacts every window that is old enough, and once an hour deletes what the retention does not keep. */
  readonly runOnce: () => Promise<void>;
  /** Resolves when the pass in progress has ended. */
  readonly stop: () => Promise<void>;
};

/** A delay in seconds that depends on the run only. */
const delayOf = (runId: string): number => {
  let hash = 0;
  for (let index = 0; index < runId.length; index += 1)
    hash = (hash * 31 + runId.charCodeAt(index)) % 9973;
  return hash % STAGGER_SECONDS;
};

type Builder = ReturnType<typeof createBuilder>;

const compactWindow = async (
  metrics: MetricStore,
  builder: Builder,
  runId: string,
  start: number,
): Promise<void> => {
  const starts = { fromStart: start, toStart: start };
  const ofLevel = (level: number, more: readonly string[] = []): RollupQuery[] => [
    { level, series: "endpoints", ...starts },
    { level, series: [SERIES.run, ...TABLE_NAMES, ...more], ...starts },
  ];
  const read = (rollups: readonly RollupQuery[]) =>
    metrics.readRollups(runId, {
      rollups: [...rollups, { level: 0, series: [SERIES.meta], ...starts }],
      records: { fromSecond: start, toSecond: start + ROLLUP_SECONDS - 1 },
    });
  const finest = await read(ofLevel(1));
  const isExpired = finest.rollups.length > 0 && finest.rollups.every(({ level }) => level !== 1);
  // Records of a window whose one-second cells the retention has deleted are added to the wider ones.
  const { rollups, records } = isExpired
    ? await read(LEVELS.flatMap((level) => ofLevel(level, [SERIES.all])))
    : finest;
  if (records.length === 0) return;
  const built = await builder.build({ runId, start, records, before: rollups });
  // False where another server was first; the next pass compacts what is left.
  await metrics.compact(runId, records, built);
};

/**
 * Turns samples into rollups, window by window. New rollups are built from a window's samples and the rollups that it has
 * already; the store replaces these and the samples in one step. A request is therefore counted in exactly one place, and
 * a server that is killed loses nothing and counts nothing twice. Several servers may compact the same store.
 */
export const createCompactor = (deps: {
  readonly metrics: MetricStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Retention;
  /** Runs whose metrics the retention does not touch. */
  readonly keptRunIds: () => Promise<string[]>;
}): Compactor => {
  const { metrics, clock, log, retention } = deps;
  const builder = createBuilder();
  const stopping = new AbortController();
  let nextExpiryAt = Number.NEGATIVE_INFINITY;

  /** Compacts until no run has a window that is old enough. A run that fails is left to the next pass. */
  const compactDue = async (): Promise<void> => {
    const failedRunIds = new Set<string>();
    while (!stopping.signal.aborted) {
      const settled = Math.floor(clock.now() / 1000) - SETTLED_SECONDS;
      const due = (await metrics.uncompacted(rollupStart(settled))).filter(
        ({ runId, second }) =>
          second < rollupStart(settled - delayOf(runId)) && !failedRunIds.has(runId),
      );
      if (due.length === 0) return;
      for (const { runId, second } of due) {
        if (stopping.signal.aborted) return;
        const windowStart = rollupStart(second);
        try {
          await compactWindow(metrics, builder, runId, windowStart);
        } catch (error) {
          failedRunIds.add(runId);
          log.error(
            { event: "compaction_failed", runId, windowStart, error: messageOf(error) },
            "Compaction failed for a window of the run; it is tried again.",
          );
        }
      }
    }
  };

  const runOnce = async (): Promise<void> => {
    const now = Math.floor(expiryNow(clock) / 1000);
    await compactDue();
    if (clock.monotonic() < nextExpiryAt) return;
    nextExpiryAt = clock.monotonic() + EXPIRE_INTERVAL_MS;
    const kept = await deps.keptRunIds();
    await metrics.expire(1, now - retention.secondsDays * DAY_SECONDS, kept);
    await metrics.expire(10, now - retention.tenSecondsDays * DAY_SECONDS, kept);
  };

  const passes = createPeriodic({
    name: "compactor_pass",
    intervalMs: PASS_INTERVAL_MS,
    job: runOnce,
    log,
  });
  return {
    start: passes.start,
    runOnce,
    stop: async () => {
      stopping.abort();
      await passes.stop();
      await builder.stop();
    },
  };
};
