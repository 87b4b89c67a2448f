import type { MetricStore } from "../stores/ports.ts";
import { type Accumulator, addRow, emptyAccumulator } from "./accumulator.ts";

/** The accumulators of the runs that somebody is interested in: built once from the store, then kept up by what arrives. */
export type LiveRuns = {
  readonly of: (runId: string) => Promise<Accumulator>;
  /** Adds rows where the run is being kept up; elsewhere they are read from the store when somebody asks. */
  readonly add: (runId: string, rows: Parameters<MetricStore["append"]>[0]) => Promise<void>;
  readonly forget: (runId: string) => void;
};

export const createLiveRuns = (metrics: MetricStore): LiveRuns => {
  const kept = new Map<string, Promise<Accumulator>>();
  const load = async (runId: string): Promise<Accumulator> => {
    const accumulator = emptyAccumulator();
    for (const row of await metrics.read(runId)) addRow(accumulator, row);
    return accumulator;
  };
  const of = (runId: string): Promise<Accumulator> => {
    const known = kept.get(runId);
    if (known !== undefined) return known;
    const loading = load(runId);
    kept.set(runId, loading);
    loading.catch(() => kept.delete(runId));
    return loading;
  };
  return {
    of,
    add: async (runId, rows) => {
      const accumulator = await kept.get(runId);
      // A row that the load has read already is known by its number.
      if (accumulator !== undefined) for (const row of rows) addRow(accumulator, row);
    },
    forget: (runId) => {
      kept.delete(runId);
    },
  };
};
