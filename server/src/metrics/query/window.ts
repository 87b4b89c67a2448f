import type { Figures, WindowQuery } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { BlockQuery, MetricStore, Reading } from "../../stores/ports.ts";
import type { Accumulator } from "../live/run-aggregate.ts";
import { ALL, BLOCK_SECONDS, FACTS } from "../codec/rollup.ts";
import { figuresOf, lowCount, type Responses, type View, viewOf } from "../codec/stats.ts";
import { errorBound, percentile } from "../codec/histogram.ts";
import type { LiveRuns } from "../live/run-aggregate-cache.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import { gather, type Gathered } from "./aggregate.ts";
import { coarserWhereMissing, type Plan, planOf, queriesOf, refinedForSteady } from "./plan.ts";
import { loadTimeOf, type Seconds, secondsOf, stepFor } from "./seconds.ts";

export type LookDeps = {
  readonly metrics: MetricStore;
  readonly live: LiveRuns;
  readonly clock: Clock;
};

/** What every query works on: the window's figures, summed. */
export type Looked = {
  readonly accumulator: Accumulator;
  readonly window: Seconds;
  readonly step: number;
  readonly load: { readonly fromMs: number; readonly toMs: number };
  readonly gathered: Gathered;
};

/** Which endpoints are read, and how they are added up: `ALL` is the key of what is merged. */
export type Selection = {
  readonly series: BlockQuery["series"];
  readonly keyOf: (id: string) => string | undefined;
};
export const MERGED: Selection = { series: [ALL], keyOf: () => ALL };
export const EACH: Selection = {
  series: "endpoints",
  keyOf: (id) => (id === ALL ? undefined : id),
};
/** Only these endpoints: merged, or each by itself. */
export const only = (ids: readonly string[], each: boolean): Selection => ({
  series: ids,
  keyOf: (id) => (ids.includes(id) ? (each ? id : ALL) : undefined),
});

const NOTHING: Seconds = { from: 0, to: -1 };
export const SHOWN_PERCENTILES = [50, 90, 95, 99];

/** Window, load time and the blocks to read: what comes before the figures themselves. */
export const frameOf = async (
  deps: LookDeps,
  run: LoadTestRun,
  query: Pick<WindowQuery, "from" | "to">,
) => {
  const accumulator = await deps.live.facts(run.id);
  const window = accumulator.covered.length === 0 ? NOTHING : secondsOf(accumulator, query);
  const load = loadTimeOf(run, accumulator, deps.clock.now()) ?? { fromMs: 0, toMs: 0 };
  const cuts = [
    window.from,
    window.to + 1,
    Math.ceil(load.fromMs / 1000),
    Math.floor(load.toMs / 1000),
    Math.ceil(load.toMs / 1000),
  ];
  return { accumulator, window, load, cuts };
};

/** The blocks of a plan and the rows of its window; where the retention has taken narrow cells, wider ones. */
export const readPlanned = async (
  deps: LookDeps,
  runId: string,
  input: {
    readonly plan: Plan;
    readonly window: Seconds;
    readonly series: BlockQuery["series"];
    readonly accumulator: Accumulator;
  },
): Promise<Reading> => {
  const { window, accumulator } = input;
  const queries = (plan: Plan): BlockQuery[] => [
    ...queriesOf(plan, [FACTS]),
    ...queriesOf(plan, input.series),
  ];
  const reading = await deps.metrics.readBlocks(runId, {
    blocks: queries(input.plan),
    rows: { fromSecond: window.from, toSecond: window.to },
  });
  const covered = (start: number): boolean =>
    accumulator.covered.some(([from, to]) => from < start + BLOCK_SECONDS && to >= start);
  const blocks = [...reading.blocks];
  const rowsAt = new Set(reading.rows.map(({ second }) => Math.floor(second / BLOCK_SECONDS)));
  const gone = (start: number): boolean => covered(start) && !rowsAt.has(start / BLOCK_SECONDS);
  let missing = coarserWhereMissing(input.plan, blocks, gone);
  while (missing.size > 0) {
    const wider = await deps.metrics.readBlocks(runId, { blocks: queries(missing) });
    blocks.push(...wider.blocks);
    missing = coarserWhereMissing(missing, wider.blocks, gone);
  }
  return { ...reading, blocks };
};

export type Look = ReturnType<typeof createLook>;

/** Reads what a query asks for; `points` buckets it. */
export const createLook =
  (deps: LookDeps) =>
  async (
    run: LoadTestRun,
    query: WindowQuery,
    options: {
      readonly points?: number;
      readonly selection?: Selection;
      /** Good and failed answers are told apart. */
      readonly apart?: boolean;
    } = {},
  ): Promise<Looked> => {
    const selection = options.selection ?? MERGED;
    const { accumulator, window, load, cuts } = await frameOf(deps, run, query);
    const step = options.points === undefined ? undefined : stepFor(window, options.points);
    const steady = query.phase === "steady";
    const together = query.responses === "all" && options.apart !== true;
    const coarse = planOf(window, accumulator.covered, cuts, step);
    const factsOfPlan = async () =>
      (await deps.metrics.readBlocks(run.id, { blocks: queriesOf(coarse, [FACTS]) })).blocks;
    const plan = steady ? refinedForSteady(coarse, await factsOfPlan()) : coarse;
    const reading: Reading =
      window.to < window.from
        ? { blocks: [], rows: [], merged: [] }
        : await readPlanned(deps, run.id, {
            plan,
            window,
            series: selection.series,
            accumulator,
          });
    const gathered = gather(reading, {
      ...window,
      step,
      keyOf: selection.keyOf,
      load,
      steady,
      together,
    });
    return { accumulator, window, step: step ?? 1, load, gathered };
  };

const lateOf = ({ gathered }: Looked, responses: Responses, key: string): number => {
  const { requests, failures } = gathered.late.get(key) ?? { requests: 0, failures: 0 };
  if (responses === "all") return requests;
  return responses === "ok" ? requests - failures : failures;
};

const coveredIn = ({ facts }: Gathered): number =>
  [...facts.values()].reduce((sum, { covered }) => sum + covered, 0);

/** Requests completed in (window ∩ load time) ÷ its length; of what is under a key. */
export const rateOf = (
  looked: Looked,
  query: WindowQuery,
  view: View,
  key: string = ALL,
): number | null => {
  const { window, load, gathered } = looked;
  const fromMs = Math.max(load.fromMs, query.from ?? load.fromMs);
  const toMs = Math.min(load.toMs, query.to ?? load.toMs);
  const length = query.phase === "steady" ? coveredIn(gathered) : (toMs - fromMs) / 1000;
  if (window.to < window.from || length <= 0) return null;
  return Math.max(0, view.requests - lateOf(looked, query.responses, key)) / length;
};

/** What was merged, over the whole window. */
export const allOf = ({ gathered }: Looked, query: WindowQuery): View =>
  viewOf(
    [...gathered.buckets.values()].flatMap((bucket) => [...bucket.values()]),
    query.responses,
  );

/** Locust's own percentiles speak of the whole run only. */
export const isWholeRun = ({ from, to, phase }: WindowQuery): boolean =>
  from === undefined && to === undefined && phase === undefined;

export const figuresFor = (looked: Looked, query: WindowQuery, view: View): Figures => {
  const own = figuresOf(view, rateOf(looked, query, view));
  const locust = locustSnapshot(looked.accumulator)?.snapshot;
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
export const percentileNotes = (looked: Looked, query: WindowQuery, view: View) => {
  const polled = locustSnapshot(looked.accumulator) !== undefined && view.histogram.total === 0;
  const low = lowCount(view, SHOWN_PERCENTILES);
  return {
    percentileError: polled ? null : errorBound([view.histogram]),
    ...(polled ? { percentileSource: "locust" as const } : {}),
    ...(low.length === 0 ? {} : { lowCount: low }),
    ...extraPercentiles(query, view),
  };
};
