import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricRecord, MetricStore } from "../../stores/model/metric-store.ts";
import type { TableCell } from "../codec/rollup-table.ts";
import type { Totals } from "../codec/totals.ts";
import { isSteadyUsers } from "../codec/users.ts";
import type { Selection } from "./endpoints.ts";
import { readRunLevel } from "./run-level.ts";
import { createWindowReader, type QueryDeps } from "./window.ts";

/** So many seconds are read at once. */
export const SECONDS_AT_ONCE = 600;

/** What one second of a run has. */
export type Second = {
  /** By the keys of the selection. */
  readonly totals: ReadonlyMap<string, Totals>;
  readonly users: number;
  readonly isSteady: boolean;
  readonly exceptions: readonly TableCell[];
  readonly processes: readonly TableCell[];
};

const NO_TOTALS: ReadonlyMap<string, Totals> = new Map();
const bySecond = (cells: readonly TableCell[]) => Map.groupBy(cells, ({ start }) => start);

/** A store that has no more than these records of a run. */
const storeOf = (metrics: MetricStore, kept: readonly MetricRecord[]): MetricStore => ({
  ...metrics,
  readRollups: async (_, { records }) => {
    const { fromSecond = 0, toSecond = Number.POSITIVE_INFINITY } = records ?? {};
    const isWanted = ({ second }: MetricRecord) => second >= fromSecond && second <= toSecond;
    return {
      rollups: [],
      records: records === undefined ? [] : kept.filter(isWanted),
      compacted: [],
    };
  },
});

/**
 * Reads seconds of a run, both ends included, at most SECONDS_AT_ONCE; ascending. `undefined` where the retention has deleted some
 * of them. `kept`: all records of these seconds, which then are not read from the store.
 */
export const createSecondReader =
  (
    stored: QueryDeps,
    selection: Selection,
    /** Exceptions and processes, which are tables of their own. */
    withTables: boolean,
  ) =>
  async (
    run: LoadTestRun,
    from: number,
    to: number,
    kept?: readonly MetricRecord[],
  ): Promise<Map<number, Second> | undefined> => {
    const metrics = kept === undefined ? stored.metrics : storeOf(stored.metrics, kept);
    const deps = { ...stored, metrics };
    const readWindow = createWindowReader(deps);
    const times = { from: from * 1000, to: (to + 1) * 1000 };
    const options = { points: SECONDS_AT_ONCE, minStep: 1, selection };
    const queried = await readWindow(run, { ...times, responses: "all" }, options);
    if (queried.step > 1) return undefined;
    const tables = withTables
      ? await readRunLevel(deps, run, times, 1)
      : { exceptions: [], processes: [] };
    const exceptions = bySecond(tables.exceptions);
    const processes = bySecond(tables.processes);
    const { totals, run: ofRun } = queried.windowAggregate;
    const seconds = new Map<number, Second>();
    for (let second = from; second <= to; second += 1) {
      const { users = null, target = null, maxUsers = 0 } = ofRun.get(second) ?? {};
      seconds.set(second, {
        totals: totals.get(second) ?? NO_TOTALS,
        users: maxUsers,
        isSteady: isSteadyUsers({ users, target }),
        exceptions: exceptions.get(second) ?? [],
        processes: processes.get(second) ?? [],
      });
    }
    return seconds;
  };
