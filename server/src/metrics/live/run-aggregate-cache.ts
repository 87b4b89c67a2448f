import type { Clock } from "../../lib/clock.ts";
import type { MetricStore, MetricRecord } from "../../stores/model/metric-store.ts";
import { SERIES } from "../codec/rollup.ts";
import type { DecodedSample } from "../codec/sample.ts";
import { addRecord, type RunAggregate, runAggregateOf } from "./run-aggregate.ts";

/** The aggregates of active runs: read from the store once, then kept up to date by the records that arrive. */
export type RunAggregateCache = {
  readonly get: (runId: string) => Promise<RunAggregate>;
  /** May lack the endpoints' totals: cheap also for a long run that has ended, and not cached. */
  readonly getWithoutTotals: (runId: string) => Promise<RunAggregate>;
  /** Adds stored records to a cached run. Other runs are read from the store on `get`. */
  readonly add: (
    runId: string,
    records: readonly {
      readonly record: MetricRecord;
      readonly decoded?: DecodedSample | undefined;
    }[],
  ) => Promise<void>;
  readonly forget: (runId: string) => void;
};

const RECORDS_AT_ONCE = 500;
/** How old an aggregate may be before the records of other servers are read, on the monotonic clock. */
const FRESH_MS = 900;
/** Less than the 15 s after which the compactor may turn records into rollups, where `catchUp` would not find them. */
const RELOAD_AFTER_MS = 10_000;

const EVER = { fromStart: 0, toStart: Number.MAX_SAFE_INTEGER };
const META_ROLLUPS = { level: 0, series: [SERIES.meta], ...EVER };
const ENDPOINT_ROLLUPS = { level: 60, series: "endpoints", ...EVER } as const;

/** The last record number of each master instance below which none is missing. */
const cursorOf = ({ masterInstances }: RunAggregate): Map<string, number> =>
  new Map([...masterInstances].map(([masterInstanceId, { upTo }]) => [masterInstanceId, upTo]));

/** `sharedClock`: other servers write to the same store, so that `get` also reads what they have stored. */
export const createRunAggregateCache = (
  metrics: MetricStore,
  sharedClock?: Clock,
): RunAggregateCache => {
  const cached = new Map<string, Promise<RunAggregate>>();
  const readAt = new Map<string, number>();

  const read = async (runId: string, withTotals: boolean): Promise<RunAggregate> => {
    const rollups = withTotals ? [META_ROLLUPS, ENDPOINT_ROLLUPS] : [META_ROLLUPS];
    return runAggregateOf(await metrics.readRollups(runId, { rollups, records: {} }), withTotals);
  };

  const load = (runId: string): Promise<RunAggregate> => {
    if (sharedClock !== undefined) readAt.set(runId, sharedClock.monotonic());
    const loading = read(runId, true);
    cached.set(runId, loading);
    loading.catch(() => cached.delete(runId));
    return loading;
  };

  /** Adds the records after the cursor. Records that the aggregate has already count once. */
  const catchUp = async (runId: string, runAggregate: RunAggregate): Promise<RunAggregate> => {
    for (let cursor = cursorOf(runAggregate); ;) {
      const records = await metrics.readAfter(runId, cursor, RECORDS_AT_ONCE);
      for (const record of records) addRecord(runAggregate, record);
      if (records.length < RECORDS_AT_ONCE) return runAggregate;
      cursor = new Map([
        ...cursor,
        ...records.map(({ masterInstanceId, seq }) => [masterInstanceId, seq] as const),
      ]);
    }
  };

  const get = async (runId: string): Promise<RunAggregate> => {
    const current = cached.get(runId);
    if (current === undefined) return load(runId);
    if (sharedClock === undefined) return current;
    const now = sharedClock.monotonic();
    const age = now - (readAt.get(runId) ?? Number.NEGATIVE_INFINITY);
    if (age < FRESH_MS) return current;
    if (age > RELOAD_AFTER_MS) return load(runId);
    const runAggregate = await catchUp(runId, await current);
    readAt.set(runId, now);
    return runAggregate;
  };

  return {
    get,
    getWithoutTotals: (runId) => (cached.has(runId) ? get(runId) : read(runId, false)),
    add: async (runId, records) => {
      const runAggregate = await cached.get(runId);
      if (runAggregate === undefined) return;
      for (const { record, decoded } of records) addRecord(runAggregate, record, { decoded });
    },
    forget: (runId) => {
      cached.delete(runId);
      readAt.delete(runId);
    },
  };
};
