import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type {
  MetricRecord,
  MetricStore,
  Reading,
  Rollup,
  RollupQuery,
} from "../../stores/model/metric-store.ts";
import { ROLLUP_SECONDS, rollupStart, SERIES } from "../codec/rollup.ts";
import { addTotals, emptyTotals } from "../codec/totals.ts";
import { getOrCreate } from "../../lib/maps.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { aggregateWindow, type WindowAggregate } from "./aggregate.ts";
import { selectEndpoints, type Selection } from "./endpoints.ts";
import {
  insteadOfMissing,
  finestBeside,
  type Plan,
  planOf,
  queriesOf,
  refineForSteady,
} from "./plan.ts";
import { closedSecond, loadTimeOf, type Seconds, secondsOf, stepFor } from "./seconds.ts";

export type QueryDeps = {
  readonly metrics: MetricStore;
  readonly aggregates: RunAggregateCache;
  readonly clock: Clock;
};

/** A window of a run, added up: what every answer is made of. */
export type QueriedWindow = {
  readonly runAggregate: RunAggregate;
  readonly window: Seconds;
  /** The last second of the window of which the counts are known; later ones are in totals, and in no rate or chart. */
  readonly closed: number;
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
    closedSecond(run, runAggregate) + 1,
    window.from,
    window.to + 1,
    Math.ceil(loadTime.fromMs / 1000),
    Math.floor(loadTime.toMs / 1000),
    Math.ceil(loadTime.toMs / 1000),
  ];
  const closed = Math.min(window.to, closedSecond(run, runAggregate));
  return { runAggregate, window, closed, loadTime, cuts };
};

/** A snapshot's record has counts of seconds before its own, within the same rollup's window. */
const lastRecordSecond = ({ to }: Seconds, { masterInstances }: RunAggregate): number =>
  [...masterInstances.values()].some(({ snapshot }) => snapshot !== undefined)
    ? rollupStart(to) + ROLLUP_SECONDS - 1
    : to;

/** Whether the query is about the whole run. Only then what was counted at no known time counts, and Locust's own percentiles answer. */
export const isWholeRun = ({
  from,
  to,
  phase,
}: Pick<WindowQuery, "from" | "to"> & Pick<Partial<WindowQuery>, "phase">): boolean =>
  from === undefined && to === undefined && phase === undefined;

const addUntimed = (
  { untimed }: WindowAggregate,
  runAggregate: RunAggregate,
  { keyOf }: Selection,
): void => {
  for (const [id, totals] of runAggregate.untimed.endpoints) {
    const key = keyOf(id);
    if (key !== undefined) addTotals(getOrCreate(untimed, key, emptyTotals), totals);
  }
};

/** How long after its end a window has certainly been compacted, where it has cells at all. */
const COMPACTED_SECONDS = 600;

/**
 * Reads the rollups of a plan and the records of its window. Narrow cells that the retention has deleted are replaced by
 * wider ones, the widest of a rollup that is older than they are by those of a minute, and wide cells beside late records by narrow ones, which say what a second has already.
 */
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
  const read = async (plan: Plan, records?: { fromSecond: number; toSecond: number }) =>
    deps.metrics.readRollups(runId, {
      rollups: [...queriesOf(plan, [SERIES.run]), ...queriesOf(plan, input.series)],
      ...(records === undefined ? {} : { records }),
    });
  const toSecond = lastRecordSecond(window, runAggregate);
  const reading = await read(input.plan, { fromSecond: window.from, toSecond });
  const isCovered = (start: number): boolean =>
    runAggregate.covered.some(([from, to]) => from < start + ROLLUP_SECONDS && to >= start);
  const withRecords = new Set(reading.records.map(({ second }) => rollupStart(second)));
  const now = deps.clock.now() / 1000;
  const mayBeCompacted = (start: number): boolean =>
    !withRecords.has(start) || start + ROLLUP_SECONDS + COMPACTED_SECONDS < now;
  const isDeleted = (start: number): boolean => isCovered(start) && mayBeCompacted(start);
  const rollups = [...reading.rollups];
  let { records } = reading;
  /** Reads the records of these windows again, too: what was compacted meanwhile would else count twice. */
  const readAgain = async (part: Plan): Promise<readonly Rollup[]> => {
    const starts = [...part.keys()];
    const again = await read(part, {
      fromSecond: Math.max(window.from, Math.min(...starts)),
      toSecond: Math.min(toSecond, Math.max(...starts) + ROLLUP_SECONDS - 1),
    });
    const isOfPart = ({ second }: MetricRecord): boolean => part.has(rollupStart(second));
    records = [...records.filter((record) => !isOfPart(record)), ...again.records.filter(isOfPart)];
    return again.rollups;
  };
  let missing = insteadOfMissing(input.plan, rollups, isDeleted);
  while (missing.size > 0) {
    const others = await readAgain(missing);
    rollups.push(...others);
    missing = insteadOfMissing(missing, others, isDeleted);
  }
  const besideRecords = finestBeside(
    rollups,
    new Set(records.map(({ second }) => rollupStart(second))),
  );
  if (besideRecords.size === 0) return { ...reading, rollups, records };
  const finest = await readAgain(besideRecords);
  const replaced = new Set(finest.map(({ start }) => start));
  return {
    ...reading,
    rollups: [...rollups.filter(({ start }) => !replaced.has(start)), ...finest],
    records,
  };
};

/** The widest cells of a reading, in seconds. */
export const widestOf = ({ rollups }: Pick<Reading, "rollups">): number =>
  rollups.reduce((widest, { level }) => Math.max(widest, level), 1);

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
      /** With `points`: no bucket is narrower, in seconds. */
      readonly minStep?: number;
      /** Default: the sum of all endpoints. */
      readonly selection?: Selection;
      /** Default: only where the query asks for successful or failed responses. */
      readonly separateFailures?: boolean;
      /** Default true; see `AggregateOptions`. */
      readonly withHistograms?: boolean;
    } = {},
  ): Promise<QueriedWindow> => {
    const selection = options.selection ?? selectEndpoints("sum");
    const { runAggregate, window, closed, loadTime, cuts } = await resolveWindow(deps, run, query);
    const steady = query.phase === "steady";
    const read = async (width: number | undefined): Promise<Reading> => {
      if (window.to < window.from) return EMPTY_READING;
      const coarsest = planOf(window, runAggregate.covered, cuts, width);
      const readRunRollups = async () =>
        (await deps.metrics.readRollups(run.id, { rollups: queriesOf(coarsest, [SERIES.run]) }))
          .rollups;
      const plan = steady ? refineForSteady(coarsest, await readRunRollups()) : coarsest;
      const { series } = selection;
      return readPlanned(deps, run.id, { plan, window, series, runAggregate });
    };
    const finest =
      options.points === undefined
        ? undefined
        : Math.max(stepFor(window, options.points), options.minStep ?? 1);
    const first = await read(finest);
    // No step is finer than the cells that the retention has left.
    const step = finest === undefined ? undefined : Math.max(finest, widestOf(first));
    const reading = step === finest ? first : await read(step);
    const windowAggregate = aggregateWindow(reading, {
      ...window,
      step,
      keyOf: selection.keyOf,
      loadTime,
      closed,
      covered: runAggregate.covered,
      steady,
      withHistograms: options.withHistograms ?? true,
      separateFailures: options.separateFailures ?? query.responses !== "all",
    });
    if (isWholeRun(query)) addUntimed(windowAggregate, runAggregate, selection);
    return { runAggregate, window, closed, step: step ?? 1, loadTime, windowAggregate };
  };
