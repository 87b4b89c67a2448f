import type { MetricStore, SampleRow } from "../stores/ports.ts";
import { accumulate, type Accumulator, addRow, type Told } from "./accumulator.ts";
import { META } from "./blocks/codec.ts";

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

const EVER = { fromStart: 0, toStart: Number.MAX_SAFE_INTEGER };
const META_BLOCKS = { level: 0, series: [META], ...EVER };
const ENDPOINT_BLOCKS = { level: 60, series: "endpoints", ...EVER } as const;

export const createLiveRuns = (metrics: MetricStore): LiveRuns => {
  const kept = new Map<string, Promise<Accumulator>>();
  const read = async (runId: string, totals: boolean): Promise<Accumulator> => {
    const blocks = totals ? [META_BLOCKS, ENDPOINT_BLOCKS] : [META_BLOCKS];
    return accumulate(await metrics.readBlocks(runId, { blocks, rows: {} }), totals);
  };
  const of = (runId: string): Promise<Accumulator> => {
    const known = kept.get(runId);
    if (known !== undefined) return known;
    const loading = read(runId, true);
    kept.set(runId, loading);
    loading.catch(() => kept.delete(runId));
    return loading;
  };
  return {
    of,
    facts: (runId) => kept.get(runId) ?? read(runId, false),
    add: async (runId, rows) => {
      const accumulator = await kept.get(runId);
      // A row that the load has read already is known by its number.
      if (accumulator !== undefined)
        for (const { row, told } of rows) addRow(accumulator, row, { told });
    },
    forget: (runId) => {
      kept.delete(runId);
    },
  };
};
