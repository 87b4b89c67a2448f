import type { Figures, WindowQuery } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { MetricStore } from "../../stores/ports.ts";
import type { Accumulator } from "../accumulator.ts";
import { figuresOf, lowCount, type Responses, type View, viewOf } from "../figures-of.ts";
import { errorBound, percentile } from "../histogram.ts";
import type { LiveRuns } from "../live.ts";
import { locustSnapshot } from "../snapshot.ts";
import { gather, type Gathered } from "./gather.ts";
import { loadTimeOf, type Seconds, secondsOf, stepFor } from "./window.ts";

/** What every query works on: the window's rows, summed. */
export type Looked = {
  readonly accumulator: Accumulator;
  readonly window: Seconds;
  readonly step: number;
  readonly load: { readonly fromMs: number; readonly toMs: number };
  readonly gathered: Gathered;
};

const NOTHING: Seconds = { from: 0, to: -1 };
export const SHOWN_PERCENTILES = [50, 90, 95, 99];

export type Look = ReturnType<typeof createLook>;

/** Reads what a query asks for; `points` buckets it, `only` leaves other endpoints unread. */
export const createLook =
  (deps: { readonly metrics: MetricStore; readonly live: LiveRuns; readonly clock: Clock }) =>
  async (
    run: LoadTestRun,
    query: WindowQuery,
    options: { readonly points?: number; readonly only?: ReadonlySet<string> | undefined } = {},
  ): Promise<Looked> => {
    const accumulator = await deps.live.of(run.id);
    if (run.settledAt !== undefined) deps.live.forget(run.id);
    const window = accumulator.seconds.size === 0 ? NOTHING : secondsOf(accumulator, query);
    const step = options.points === undefined ? 1 : stepFor(window, options.points);
    const range = { fromSecond: window.from, toSecond: window.to };
    const rows = window.to < window.from ? [] : await deps.metrics.read(run.id, range);
    const load = loadTimeOf(run, accumulator, deps.clock.now()) ?? { fromMs: 0, toMs: 0 };
    const gathered = gather(rows, {
      ...window,
      ...(options.points === undefined ? {} : { step }),
      only: options.only,
      steady: query.phase === "steady",
      loadEndMs: load.toMs,
    });
    return { accumulator, window, step, load, gathered };
  };

const lateOf = ({ gathered }: Looked, responses: Responses, endpoint?: string): number =>
  [...gathered.late]
    .filter(([id]) => endpoint === undefined || id === endpoint)
    .reduce((sum, [, { requests, failures }]) => {
      if (responses === "all") return sum + requests;
      return sum + (responses === "ok" ? requests - failures : failures);
    }, 0);

/** Requests completed in (window ∩ load time) ÷ its length; of all endpoints, or of one. */
export const rateOf = (
  looked: Looked,
  query: WindowQuery,
  view: View,
  endpoint?: string,
): number | null => {
  const { window, load, gathered } = looked;
  const fromMs = Math.max(load.fromMs, query.from ?? load.fromMs);
  const toMs = Math.min(load.toMs, query.to ?? load.toMs);
  const length = query.phase === "steady" ? gathered.seconds.size : (toMs - fromMs) / 1000;
  if (window.to < window.from || length <= 0) return null;
  return Math.max(0, view.requests - lateOf(looked, query.responses, endpoint)) / length;
};

/** All endpoints as one. */
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
