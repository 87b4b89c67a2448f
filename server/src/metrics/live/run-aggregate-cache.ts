import type { Clock } from "../../lib/clock.ts";
import type { MetricStore, SampleRow } from "../../stores/ports.ts";
import { accumulate, type Accumulator, addRow, type Told } from "./run-aggregate.ts";
import { META } from "../codec/rollup.ts";

type Arrived = { readonly row: SampleRow; readonly told?: Told | undefined };

/** The accumulators of the runs that somebody is interested in: built once from the store, then kept up by what arrives. */
export type LiveRuns = {
  readonly of: (runId: string) => Promise<Accumulator>;
  /** Without what the endpoints did, unless the run is being kept up anyway: cheap also for a long run that has ended. */
  readonly facts: (runId: string) => Promise<Accumulator>;
  /** Adds rows where the run is being kept up; elsewhere they are read from the store when somebody asks. */
  readonly add: (runId: string, rows: readonly Arrived[]) => Promise<void>;
  readonly forget: (runId: string) => void;
};

const ROWS_AT_ONCE = 500;
const FRESH_MS = 900;
/** Samples are merged 15 s after their window has ended, at the earliest. */
const MERGED_MS = 10_000;

/** Of each boot the last number without a gap before it; of two attempts under one boot, the lower. */
const placeOf = ({ boots }: Accumulator): Map<string, number> => {
  const places = new Map<string, number>();
  for (const [key, { upTo }] of boots) {
    const boot = key.slice(key.indexOf(":") + 1);
    places.set(boot, Math.min(upTo, places.get(boot) ?? upTo));
  }
  return places;
};

const EVER = { fromStart: 0, toStart: Number.MAX_SAFE_INTEGER };
const META_BLOCKS = { level: 0, series: [META], ...EVER };
const ENDPOINT_BLOCKS = { level: 60, series: "endpoints", ...EVER } as const;

/**
 * With a clock other servers may take in figures of the same run: what they stored is caught up with when somebody asks.
 */
export const createLiveRuns = (metrics: MetricStore, shared?: Clock): LiveRuns => {
  const kept = new Map<string, Promise<Accumulator>>();
  const caughtUp = new Map<string, number>();
  const read = async (runId: string, totals: boolean): Promise<Accumulator> => {
    const blocks = totals ? [META_BLOCKS, ENDPOINT_BLOCKS] : [META_BLOCKS];
    return accumulate(await metrics.readBlocks(runId, { blocks, rows: {} }), totals);
  };
  /** Rows after those that are known without a gap; one that is known already counts once. */
  const catchUp = async (runId: string, accumulator: Accumulator): Promise<Accumulator> => {
    for (let cursor = placeOf(accumulator); ;) {
      const rows = await metrics.readAfter(runId, cursor, ROWS_AT_ONCE);
      for (const row of rows) addRow(accumulator, row);
      if (rows.length < ROWS_AT_ONCE) return accumulator;
      cursor = new Map([...cursor, ...rows.map(({ boot, seq }) => [boot, seq] as const)]);
    }
  };
  const of = async (runId: string): Promise<Accumulator> => {
    const known = kept.get(runId);
    if (known === undefined || shared === undefined) return known ?? load(runId);
    const now = shared.monotonic();
    const behind = now - (caughtUp.get(runId) ?? Number.NEGATIVE_INFINITY);
    if (behind < FRESH_MS) return known;
    // What was merged in so long a time is in no row any more.
    if (behind > MERGED_MS) return load(runId);
    const accumulator = await catchUp(runId, await known);
    caughtUp.set(runId, now);
    return accumulator;
  };
  const load = (runId: string): Promise<Accumulator> => {
    if (shared !== undefined) caughtUp.set(runId, shared.monotonic());
    const loading = read(runId, true);
    kept.set(runId, loading);
    loading.catch(() => kept.delete(runId));
    return loading;
  };
  return {
    of,
    facts: (runId) => (kept.has(runId) ? of(runId) : read(runId, false)),
    add: async (runId, rows) => {
      const accumulator = await kept.get(runId);
      // A row that the load has read already is known by its number.
      if (accumulator !== undefined)
        for (const { row, told } of rows) addRow(accumulator, row, { told });
    },
    forget: (runId) => {
      kept.delete(runId);
      caughtUp.delete(runId);
    },
  };
};
