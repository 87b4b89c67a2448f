import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RollupQuery, MetricStore, Reading } from "../../stores/model/metric-store.ts";
import { ROLLUP_SECONDS, SERIES } from "../codec/rollup.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { aggregateWindow, type WindowAggregate } from "./aggregate.ts";
import { selectEndpoints, type Selection } from "./endpoints.ts";
import { coarserWhereMissing, type Plan, planOf, queriesOf, refineForSteady } from "./plan.ts";
import { loadTimeOf, type Seconds, secondsOf, stepFor } from "./seconds.ts";

export type QueryDeps = {
  readonly metrics: MetricStore;
  readonly aggregates: RunAggregateCache;
  readonly clock: Clock;
};

/** A window of a run, added up: what every answer is made of. */
export type QueriedWindow = {
  readonly runAggregate: RunAggregate;
  readonly window: Seconds;
  /** The width of a bucket in seconds. */
  readonly step: number;
  /** From the first user spawned to the stop being issued, in Unix ms. */
  readonly loadTime: { readonly fromMs: number; readonly toMs: number };
  readonly windowAggregate: WindowAggregate;
};

const EMPTY_WINDOW: Seconds = { from: 0, to: -1 };
const EMPTY_READING: Reading = { rollups: [], records: [], compacted: [] };

/** The seconds of a query, the load time, and the seconds (`cuts`) that no cell may contain the border of. */
export const resolveWindow = async (
  deps: QueryDeps,
  run: LoadTestRun,
  query: Pick<WindowQuery, "from" | "to">,
) => {
  const runAggregate = await deps.aggregates.getWithoutTotals(run.id);
  const window = runAggregate.covered.length === 0 ? EMPTY_WINDOW : secondsOf(runAggregate, query);
  const loadTime = loadTimeOf(run, runAggregate, deps.clock.now()) ?? { fromMs: 0, toMs: 0 };
  const cuts = [
    window.from,
    window.to + 1,
    Math.ceil(loadTime.fromMs / 1000),
    Math.floor(loadTime.toMs / 1000),
    Math.ceil(loadTime.toMs / 1000),
  ];
  return { runAggregate, window, loadTime, cuts };
};

/** Reads the rollups of a plan and the records of its window. Narrow cells that the retention has deleted are replaced by wider ones. */
export const readPlanned = async (
  deps: QueryDeps,
  runId: string,
  input: {
    readonly plan: Plan;
    readonly window: Seconds;
    readonly series: RollupQuery["series"];
    readonly runAggregate: RunAggregate;
  },
): Promise<Reading> => {
  const { window, runAggregate } = input;
  const queries = (plan: Plan): RollupQuery[] => [
    ...queriesOf(plan, [SERIES.run]),
    ...queriesOf(plan, input.series),
  ];
  const reading = await deps.metrics.readRollups(runId, {
    rollups: queries(input.plan),
    records: { fromSecond: window.from, toSecond: window.to },
  });
  const isCovered = (start: number): boolean =>
    runAggregate.covered.some(([from, to]) => from < start + ROLLUP_SECONDS && to >= start);
  const withRecords = new Set(
    reading.records.map(({ second }) => Math.floor(second / ROLLUP_SECONDS)),
  );
  const isDeleted = (start: number): boolean =>
    isCovered(start) && !withRecords.has(start / ROLLUP_SECONDS);
  const rollups = [...reading.rollups];
  let missing = coarserWhereMissing(input.plan, rollups, isDeleted);
  while (missing.size > 0) {
    const wider = await deps.metrics.readRollups(runId, { rollups: queries(missing) });
    rollups.push(...wider.rollups);
    missing = coarserWhereMissing(missing, wider.rollups, isDeleted);
  }
  return { ...reading, rollups };
};

export type WindowReader = ReturnType<typeof createWindowReader>;

/** Reads the window of a query and adds it up. */
export const createWindowReader =
  (deps: QueryDeps) =>
  async (
    run: LoadTestRun,
    query: WindowQuery,
    options: {
      /** At most so many buckets. Absent: one bucket. */
      readonly points?: number;
      /** Default: the sum of all endpoints. */
      readonly selection?: Selection;
      /** Default: only where the query asks for successful or failed responses. */
      readonly separateFailures?: boolean;
    } = {},
  ): Promise<QueriedWindow> => {
    const selection = options.selection ?? selectEndpoints("sum");
    const { runAggregate, window, loadTime, cuts } = await resolveWindow(deps, run, query);
    const step = options.points === undefined ? undefined : stepFor(window, options.points);
    const steady = query.phase === "steady";
    const coarsest = planOf(window, runAggregate.covered, cuts, step);
    const readRunRollups = async () =>
      (await deps.metrics.readRollups(run.id, { rollups: queriesOf(coarsest, [SERIES.run]) }))
        .rollups;
    const plan = steady ? refineForSteady(coarsest, await readRunRollups()) : coarsest;
    const reading =
      window.to < window.from
        ? EMPTY_READING
        : await readPlanned(deps, run.id, { plan, window, series: selection.series, runAggregate });
    const windowAggregate = aggregateWindow(reading, {
      ...window,
      step,
      keyOf: selection.keyOf,
      loadTime,
      steady,
      separateFailures: options.separateFailures ?? query.responses !== "all",
    });
    return { runAggregate, window, step: step ?? 1, loadTime, windowAggregate };
  };
