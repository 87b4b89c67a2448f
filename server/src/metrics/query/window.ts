import type { Stats, WindowQuery } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RollupQuery, MetricStore, Reading } from "../../stores/ports.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { SERIES, ROLLUP_SECONDS } from "../codec/rollup.ts";
import { statsOf, lowCount, type Responses, type View, viewOf } from "../codec/stats.ts";
import { errorBound, percentile } from "../codec/histogram.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import { aggregateWindow, type WindowAggregate } from "./aggregate.ts";
import { coarserWhereMissing, type Plan, planOf, queriesOf, refineForSteady } from "./plan.ts";
import { loadTimeOf, type Seconds, secondsOf, stepFor } from "./seconds.ts";

export type QueryDeps = {
  readonly metrics: MetricStore;
  readonly aggregates: RunAggregateCache;
  readonly clock: Clock;
};

/** What every query works on: the window's figures, summed. */
export type QueriedWindow = {
  readonly runAggregate: RunAggregate;
  readonly window: Seconds;
  readonly step: number;
  readonly load: { readonly fromMs: number; readonly toMs: number };
  readonly windowAggregate: WindowAggregate;
};

/** Which endpoints are read, and how they are added up: `SERIES.all` is the key of all endpoints added up. */
export type Selection = {
  readonly series: RollupQuery["series"];
  readonly keyOf: (id: string) => string | undefined;
};
export const MERGED: Selection = { series: [SERIES.all], keyOf: () => SERIES.all };
export const EACH: Selection = {
  series: "endpoints",
  keyOf: (id) => (id === SERIES.all ? undefined : id),
};
/** Only these endpoints: added up, or each by itself. */
export const only = (ids: readonly string[], each: boolean): Selection => ({
  series: ids,
  keyOf: (id) => (ids.includes(id) ? (each ? id : SERIES.all) : undefined),
});

const NOTHING: Seconds = { from: 0, to: -1 };
export const STANDARD_PERCENTILES = [50, 90, 95, 99];

/** Window, load time and the rollups to read: what comes before the figures themselves. */
export const resolveWindow = async (
  deps: QueryDeps,
  run: LoadTestRun,
  query: Pick<WindowQuery, "from" | "to">,
) => {
  const runAggregate = await deps.aggregates.getWithoutTotals(run.id);
  const window = runAggregate.covered.length === 0 ? NOTHING : secondsOf(runAggregate, query);
  const load = loadTimeOf(run, runAggregate, deps.clock.now()) ?? { fromMs: 0, toMs: 0 };
  const cuts = [
    window.from,
    window.to + 1,
    Math.ceil(load.fromMs / 1000),
    Math.floor(load.toMs / 1000),
    Math.ceil(load.toMs / 1000),
  ];
  return { runAggregate, window, load, cuts };
};

/** The rollups of a plan and the rows of its window; where the retention has taken narrow cells, wider ones. */
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
    rows: { fromSecond: window.from, toSecond: window.to },
  });
  const covered = (start: number): boolean =>
    runAggregate.covered.some(([from, to]) => from < start + ROLLUP_SECONDS && to >= start);
  const rollups = [...reading.rollups];
  const rowsAt = new Set(reading.rows.map(({ second }) => Math.floor(second / ROLLUP_SECONDS)));
  const gone = (start: number): boolean => covered(start) && !rowsAt.has(start / ROLLUP_SECONDS);
  let missing = coarserWhereMissing(input.plan, rollups, gone);
  while (missing.size > 0) {
    const wider = await deps.metrics.readRollups(runId, { rollups: queries(missing) });
    rollups.push(...wider.rollups);
    missing = coarserWhereMissing(missing, wider.rollups, gone);
  }
  return { ...reading, rollups };
};

export type WindowReader = ReturnType<typeof createWindowReader>;

/** Reads what a query asks for; `points` buckets it. */
export const createWindowReader =
  (deps: QueryDeps) =>
  async (
    run: LoadTestRun,
    query: WindowQuery,
    options: {
      readonly points?: number;
      readonly selection?: Selection;
      /** Good and failed answers are told apart. */
      readonly apart?: boolean;
    } = {},
  ): Promise<QueriedWindow> => {
    const selection = options.selection ?? MERGED;
    const { runAggregate, window, load, cuts } = await resolveWindow(deps, run, query);
    const step = options.points === undefined ? undefined : stepFor(window, options.points);
    const steady = query.phase === "steady";
    const together = query.responses === "all" && options.apart !== true;
    const coarse = planOf(window, runAggregate.covered, cuts, step);
    const factsOfPlan = async () =>
      (await deps.metrics.readRollups(run.id, { rollups: queriesOf(coarse, [SERIES.run]) }))
        .rollups;
    const plan = steady ? refineForSteady(coarse, await factsOfPlan()) : coarse;
    const reading: Reading =
      window.to < window.from
        ? { rollups: [], rows: [], compacted: [] }
        : await readPlanned(deps, run.id, {
            plan,
            window,
            series: selection.series,
            runAggregate,
          });
    const windowAggregate = aggregateWindow(reading, {
      ...window,
      step,
      keyOf: selection.keyOf,
      load,
      steady,
      together,
    });
    return { runAggregate, window, step: step ?? 1, load, windowAggregate };
  };

const lateOf = ({ windowAggregate }: QueriedWindow, responses: Responses, key: string): number => {
  const { requests, failures } = windowAggregate.late.get(key) ?? { requests: 0, failures: 0 };
  if (responses === "all") return requests;
  return responses === "ok" ? requests - failures : failures;
};

const coveredSeconds = ({ facts }: WindowAggregate): number =>
  [...facts.values()].reduce((sum, { covered }) => sum + covered, 0);

/** Requests completed in (window ∩ load time) ÷ its length; of what is under a key. */
export const rateOf = (
  queried: QueriedWindow,
  query: WindowQuery,
  view: View,
  key: string = SERIES.all,
): number | null => {
  const { window, load, windowAggregate } = queried;
  const fromMs = Math.max(load.fromMs, query.from ?? load.fromMs);
  const toMs = Math.min(load.toMs, query.to ?? load.toMs);
  const length =
    query.phase === "steady" ? coveredSeconds(windowAggregate) : (toMs - fromMs) / 1000;
  if (window.to < window.from || length <= 0) return null;
  return Math.max(0, view.requests - lateOf(queried, query.responses, key)) / length;
};

/** All endpoints added up, over the whole window. */
export const viewOfAll = ({ windowAggregate }: QueriedWindow, query: WindowQuery): View =>
  viewOf(
    [...windowAggregate.buckets.values()].flatMap((bucket) => [...bucket.values()]),
    query.responses,
  );

/** Locust's own percentiles speak of the whole run only. */
export const isWholeRun = ({ from, to, phase }: WindowQuery): boolean =>
  from === undefined && to === undefined && phase === undefined;

export const windowStatsOf = (queried: QueriedWindow, query: WindowQuery, view: View): Stats => {
  const own = statsOf(view, rateOf(queried, query, view));
  const locust = locustSnapshot(queried.runAggregate)?.snapshot;
  if (locust === undefined || view.histogram.total > 0 || !isWholeRun(query)) return own;
  const { p50ResponseMs = null, p95ResponseMs = null, p99ResponseMs = null } = locust;
  return { ...own, p50ResponseMs, p95ResponseMs, p99ResponseMs };
};

/** The percentiles that were asked for besides. */
export const extraPercentiles = (query: WindowQuery, view: View) =>
  query.percentiles === undefined
    ? {}
    : {
        percentiles: Object.fromEntries(
          query.percentiles.map((p) => [String(p), percentile(view.histogram, p, view.bounds)]),
        ),
      };

/** What stands beside every answer with percentiles: how far they can be off, and whose they are. */
export const percentileNotes = (queried: QueriedWindow, query: WindowQuery, view: View) => {
  const polled = locustSnapshot(queried.runAggregate) !== undefined && view.histogram.total === 0;
  const low = lowCount(view, STANDARD_PERCENTILES);
  return {
    percentileError: polled ? null : errorBound([view.histogram]),
    ...(polled ? { percentileSource: "locust" as const } : {}),
    ...(low.length === 0 ? {} : { lowCount: low }),
    ...extraPercentiles(query, view),
  };
};
