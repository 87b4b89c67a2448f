import type { Clock } from "../../lib/clock.ts";
import type { MetricStore, MetricRecord } from "../../stores/ports.ts";
import {
  runAggregateOf,
  type RunAggregate,
  addRecord,
  type DecodedSample,
} from "./run-aggregate.ts";
import { SERIES } from "../codec/rollup.ts";

type Arrived = { readonly row: MetricRecord; readonly told?: DecodedSample | undefined };

/** The accumulators of the runs that somebody is interested in: built once from the store, then kept up by what arrives. */
export type RunAggregateCache = {
  readonly get: (runId: string) => Promise<RunAggregate>;
  /** Without what the endpoints did, unless the run is being kept up anyway: cheap also for a long run that has ended. */
  readonly getWithoutTotals: (runId: string) => Promise<RunAggregate>;
  /** Adds rows where the run is being kept up; elsewhere they are read from the store when somebody asks. */
  readonly add: (runId: string, rows: readonly Arrived[]) => Promise<void>;
  readonly forget: (runId: string) => void;
};

const ROWS_AT_ONCE = 500;
const FRESH_MS = 900;
/** Samples are merged 15 s after their window has ended, at the earliest. */
const MERGED_MS = 10_000;

/** Of each master instance the last number without a gap before it. */
const placeOf = ({ masterInstances }: RunAggregate): Map<string, number> => {
  return new Map(
    [...masterInstances].map(([masterInstanceId, { upTo }]) => [masterInstanceId, upTo]),
  );
};

const EVER = { fromStart: 0, toStart: Number.MAX_SAFE_INTEGER };
const META_ROLLUPS = { level: 0, series: [SERIES.meta], ...EVER };
const ENDPOINT_ROLLUPS = { level: 60, series: "endpoints", ...EVER } as const;

/**
 * With a clock other servers may take in figures of the same run: what they stored is caught up with when somebody asks.
 */
export const createRunAggregateCache = (
  metrics: MetricStore,
  shared?: Clock,
): RunAggregateCache => {
  const kept = new Map<string, Promise<RunAggregate>>();
  const caughtUp = new Map<string, number>();
  const read = async (runId: string, totals: boolean): Promise<RunAggregate> => {
    const rollups = totals ? [META_ROLLUPS, ENDPOINT_ROLLUPS] : [META_ROLLUPS];
    return runAggregateOf(await metrics.readRollups(runId, { rollups, rows: {} }), totals);
  };
  /** Rows after those that are known without a gap; one that is known already counts once. */
  const catchUp = async (runId: string, runAggregate: RunAggregate): Promise<RunAggregate> => {
    for (let cursor = placeOf(runAggregate); ;) {
      const rows = await metrics.readAfter(runId, cursor, ROWS_AT_ONCE);
      for (const row of rows) addRecord(runAggregate, row);
      if (rows.length < ROWS_AT_ONCE) return runAggregate;
      cursor = new Map([
        ...cursor,
        ...rows.map(({ masterInstanceId, seq }) => [masterInstanceId, seq] as const),
      ]);
    }
  };
  const get = async (runId: string): Promise<RunAggregate> => {
    const known = kept.get(runId);
    if (known === undefined || shared === undefined) return known ?? load(runId);
    const now = shared.monotonic();
    const behind = now - (caughtUp.get(runId) ?? Number.NEGATIVE_INFINITY);
    if (behind < FRESH_MS) return known;
    // What was merged in so long a time is in no row any more.
    if (behind > MERGED_MS) return load(runId);
    const runAggregate = await catchUp(runId, await known);
    caughtUp.set(runId, now);
    return runAggregate;
  };
  const load = (runId: string): Promise<RunAggregate> => {
    if (shared !== undefined) caughtUp.set(runId, shared.monotonic());
    const loading = read(runId, true);
    kept.set(runId, loading);
    loading.catch(() => kept.delete(runId));
    return loading;
  };
  return {
    get,
    getWithoutTotals: (runId) => (kept.has(runId) ? get(runId) : read(runId, false)),
    add: async (runId, rows) => {
      const runAggregate = await kept.get(runId);
      // A row that the load has read already is known by its number.
      if (runAggregate !== undefined)
        for (const { row, told } of rows) addRecord(runAggregate, row, { told });
    },
    forget: (runId) => {
      kept.delete(runId);
      caughtUp.delete(runId);
    },
  };
};
