import type {
  AggregateAnswer,
  AggregateQuery,
  DataPoint,
  Figures,
  GraphAnswer,
  GraphQuery,
  RequestsAnswer,
  RequestsQuery,
  SummaryAnswer,
  TimeseriesAnswer,
  TimeseriesQuery,
  WindowQuery,
} from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunSummary } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import type { MetricStore } from "../../stores/ports.ts";
import { type Accumulator, isComplete, workersOf } from "../accumulator.ts";
import { figuresOf, lowCount, type View, viewOf } from "../figures-of.ts";
import { errorBound, percentile } from "../histogram.ts";
import type { LiveRuns } from "../live.ts";
import { endpointId } from "../sample.ts";
import { locustSnapshot } from "../snapshot.ts";
import { csvOf } from "./csv.ts";
import { gather, type Gathered } from "./gather.ts";
import { isWhole, pointsOf } from "./points.ts";
import { rowOf } from "./rows.ts";
import { gapsOf, loadTimeOf, type Seconds, secondsOf, stepFor } from "./window.ts";

type Query<S extends z.ZodType> = z.output<S>;
const SHOWN = [50, 90, 95, 99];

/** What every query works on: the window's rows, summed. */
type Looked = {
  readonly accumulator: Accumulator;
  readonly window: Seconds;
  readonly step: number;
  readonly load: { readonly fromMs: number; readonly toMs: number };
  readonly gathered: Gathered;
};

const NOTHING: Seconds = { from: 0, to: -1 };

export type MetricQueries = ReturnType<typeof createQueries>;

/** Every figure of a run, over any window, from the rows that are stored. Answers are in the program's own form. */
export const createQueries = (deps: {
  readonly metrics: MetricStore;
  readonly live: LiveRuns;
  readonly clock: Clock;
}) => {
  const look = async (
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
    const gathered = gather(rows, {
      ...window,
      ...(options.points === undefined ? {} : { step }),
      only: options.only,
      steady: query.phase === "steady",
    });
    const load = loadTimeOf(run, accumulator, deps.clock.now()) ?? { fromMs: 0, toMs: 0 };
    return { accumulator, window, step, load, gathered };
  };

  /** Requests completed in (window ∩ load time) ÷ its length. */
  const rate = (
    { window, load, gathered }: Looked,
    query: WindowQuery,
    view: View,
  ): number | null => {
    const fromMs = Math.max(load.fromMs, query.from ?? load.fromMs);
    const toMs = Math.min(load.toMs, query.to ?? load.toMs);
    const steady = query.phase === "steady";
    const length = steady ? gathered.seconds.size : (toMs - fromMs) / 1000;
    if (window.to < window.from || length <= 0) return null;
    const after = [...gathered.seconds]
      .filter(([second]) => second * 1000 >= load.toMs)
      .reduce((sum, [, facts]) => sum + facts.rateRequests, 0);
    return Math.max(0, view.requests - after) / length;
  };

  const allOf = ({ gathered }: Looked, query: WindowQuery): View =>
    viewOf(
      [...gathered.buckets.values()].flatMap((bucket) => [...bucket.values()]),
      query.responses,
    );

  /** Locust's own percentiles speak of the whole run only. */
  const figures = (looked: Looked, query: WindowQuery, view: View): Figures => {
    const own = figuresOf(view, rate(looked, query, view));
    const locust = locustSnapshot(looked.accumulator)?.snapshot;
    if (
      locust === undefined ||
      view.histogram.total > 0 ||
      query.from !== undefined ||
      query.to !== undefined
    ) {
      return own;
    }
    const { p50ResponseMs = null, p95ResponseMs = null, p99ResponseMs = null } = locust;
    return { ...own, p50ResponseMs, p95ResponseMs, p99ResponseMs };
  };

  const notes = (looked: Looked, query: WindowQuery, view: View) => {
    const polled = locustSnapshot(looked.accumulator) !== undefined && view.histogram.total === 0;
    const low = lowCount(view, SHOWN);
    return {
      percentileError: polled ? null : errorBound([view.histogram]),
      ...(polled ? { percentileSource: "locust" as const } : {}),
      ...(low.length === 0 ? {} : { lowCount: low }),
      ...extra(query, view),
    };
  };

  const extra = (query: WindowQuery, view: View) =>
    query.percentiles === undefined
      ? {}
      : {
          percentiles: Object.fromEntries(
            query.percentiles.map((p) => [String(p), percentile(view.histogram, p, view.bounds)]),
          ),
        };

  const tableOf = (looked: Looked, query: WindowQuery) => {
    const locust = locustSnapshot(looked.accumulator)?.snapshot;
    const endpoints = new Map<string, ReturnType<typeof totalsList>>();
    const totalsList = () => [...looked.gathered.buckets.values()].flatMap((bucket) => [...bucket]);
    for (const [id, totals] of totalsList()) {
      endpoints.set(id, [...(endpoints.get(id) ?? []), [id, totals]]);
    }
    return [...endpoints]
      .map(([id, list]) => {
        const name = looked.accumulator.names.get(id) ?? { method: "", name: `(${id})` };
        const view = viewOf(
          list.map(([, totals]) => totals),
          query.responses,
        );
        const given =
          query.from === undefined && query.to === undefined
            ? locust?.requestStats[`${name.method} ${name.name}`]
            : undefined;
        return rowOf({
          name,
          totals: list.map(([, totals]) => totals),
          view,
          requestsPerSec: rate(looked, query, view),
          given,
          more: { ...extra(query, view), low: lowCount(view, SHOWN) },
        });
      })
      .filter((row) => row.totalRequests > 0)
      .toSorted((a, b) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : a.method < b.method ? -1 : 1,
      );
  };

  const summaryOfRun = async (run: LoadTestRun): Promise<RunSummary> => {
    const query = { responses: "all" } as const;
    const looked = await look(run, query);
    const { accumulator } = looked;
    const all = figures(looked, query, allOf(looked, query));
    return {
      ...all,
      maxUsers: accumulator.maxUsers,
      complete:
        accumulator.boots.size === 0 ? run.startSent === undefined : isComplete(accumulator),
      gaps: gapsOf(accumulator),
      workers: workersOf(accumulator),
    };
  };

  const requests = async (
    run: LoadTestRun,
    query: Query<typeof RequestsQuery>,
  ): Promise<Query<typeof RequestsAnswer>> => {
    const looked = await look(run, query);
    return {
      runId: run.id,
      items: tableOf(looked, query),
      ...notes(looked, query, allOf(looked, query)),
    };
  };

  return {
    summaryOfRun,
    summary: async (run: LoadTestRun, query: WindowQuery): Promise<Query<typeof SummaryAnswer>> => {
      const looked = await look(run, query);
      const view = allOf(looked, query);
      const { accumulator, load } = looked;
      const whole = await summaryOfRun(run);
      const { id: runId, name, status, statusReason, health, verdict, startedAt, finishedAt } = run;
      const { targetUsers, spawnRate, durationSeconds } = run;
      return {
        ...figures(looked, query, view),
        runId,
        name,
        status,
        health,
        verdict,
        ...(statusReason === undefined ? {} : { statusReason }),
        ...(startedAt === undefined ? {} : { startedAt }),
        ...(finishedAt === undefined ? {} : { finishedAt }),
        durationMs: load.toMs > load.fromMs ? load.toMs - load.fromMs : null,
        maxUsers: accumulator.maxUsers,
        ...(targetUsers === undefined ? {} : { targetUsers }),
        ...(spawnRate === undefined ? {} : { spawnRate }),
        ...(durationSeconds === undefined ? {} : { durationSeconds }),
        complete: whole.complete,
        gaps: whole.gaps,
        workers: whole.workers,
        ...notes(looked, query, view),
      };
    },
    graph: async (
      run: LoadTestRun,
      query: Query<typeof GraphQuery>,
    ): Promise<Query<typeof GraphAnswer>> => {
      const looked = await look(run, query, { points: query.points });
      const points = pointsOf(looked.gathered, looked.window, looked.step, looked.load, query);
      return {
        runId: run.id,
        name: run.name,
        status: run.status,
        ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
        dataPoints: points.map(
          ({ timestamp, currentUsers, totalRps, errorsPerSec, avgResponseMs }) => ({
            timestamp,
            users: currentUsers,
            requestsPerSec: totalRps,
            errorsPerSec,
            avgResponseMs,
          }),
        ),
      };
    },
    requests,
    requestsCsv: async (run: LoadTestRun, query: Query<typeof RequestsQuery>): Promise<string> =>
      csvOf((await requests(run, { ...query, percentiles: CSV_PERCENTILES })).items),
    timeseries: async (
      run: LoadTestRun,
      query: Query<typeof TimeseriesQuery>,
    ): Promise<Query<typeof TimeseriesAnswer>> => {
      const asked = query.endpoint?.map(splitEndpoint);
      const only = asked === undefined ? undefined : new Set(asked.map(({ id }) => id));
      const looked = await look(run, query, { points: query.points, only });
      const view = allOf(looked, query);
      const shape = (points: DataPoint[]) =>
        query.format === "columns" ? columnsOf(points) : { dataPoints: points };
      const points = (endpoint?: string): DataPoint[] =>
        pointsOf(looked.gathered, looked.window, looked.step, looked.load, {
          responses: query.responses,
          ...(endpoint === undefined ? {} : { endpoint }),
        });
      const series = query.groupBy === undefined ? undefined : seriesOf(looked, asked);
      return {
        testRunId: run.id,
        runId: run.id,
        stepMs: looked.step * 1000,
        ...(series === undefined
          ? shape(points())
          : { series: series.map(({ id, ...names }) => ({ ...names, ...shape(points(id)) })) }),
        summary: figures(looked, query, view),
        ...notes(looked, query, view),
      };
    },
    aggregate: async (
      run: LoadTestRun,
      query: Query<typeof AggregateQuery>,
    ): Promise<Query<typeof AggregateAnswer>> => {
      const looked = await look(run, query, { points: query.points });
      const view = allOf(looked, query);
      const all = figures(looked, query, view);
      const points = pointsOf(looked.gathered, looked.window, looked.step, looked.load, query);
      const rates = [...looked.gathered.seconds]
        .filter(([second]) => isWhole(second, looked.load))
        .map(([, facts]) => facts.rateRequests);
      const p95s = points.flatMap((point) => point.p95ResponseMs ?? []);
      const { fromMs, toMs } = looked.load;
      return {
        testRunId: run.id,
        runId: run.id,
        status: run.status,
        summary: {
          avgRps: all.requestsPerSec,
          maxRps: rates.length === 0 ? null : Math.max(...rates),
          minRps: rates.length === 0 ? null : Math.min(...rates),
          p50ResponseMs: all.p50ResponseMs,
          p95ResponseMs: all.p95ResponseMs,
          p99ResponseMs: all.p99ResponseMs,
          maxP95ResponseMs: p95s.length === 0 ? null : Math.max(...p95s),
          totalRequests: all.totalRequests,
          totalFailures: all.totalFailures,
          errorRate: all.errorRate,
          durationMs: toMs > fromMs ? toMs - fromMs : null,
          dataPoints: points.length,
        },
        endpointStats: tableOf(looked, query),
        timeseries: points,
        ...notes(looked, query, view),
      };
    },
  };
};

const CSV_PERCENTILES = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99];

/** `METHOD name`, split at the first space; an endpoint without a method begins with one. */
const splitEndpoint = (endpoint: string) => {
  const at = endpoint.indexOf(" ");
  const method = at < 0 ? "" : endpoint.slice(0, at);
  const name = endpoint.slice(at + 1);
  return { endpoint, method, name, id: endpointId(method, name) };
};

const seriesOf = (
  { accumulator, gathered }: Looked,
  asked: ReturnType<typeof splitEndpoint>[] | undefined,
) => {
  if (asked !== undefined) return asked;
  const ids = new Set([...gathered.buckets.values()].flatMap((bucket) => [...bucket.keys()]));
  return [...ids].map((id) => {
    const { method, name } = accumulator.names.get(id) ?? { method: "", name: `(${id})` };
    return { endpoint: `${method} ${name}`, method, name, id };
  });
};

const columnsOf = (points: readonly DataPoint[]) => {
  const column = <K extends Exclude<keyof DataPoint, "timestamp">>(key: K) =>
    points.map((point) => point[key]);
  return {
    t: points.map((point) => point.timestamp),
    totalRps: column("totalRps"),
    currentUsers: column("currentUsers"),
    errorRate: column("errorRate"),
    errorsPerSec: column("errorsPerSec"),
    avgResponseMs: column("avgResponseMs"),
    p50ResponseMs: column("p50ResponseMs"),
    p95ResponseMs: column("p95ResponseMs"),
    p99ResponseMs: column("p99ResponseMs"),
  };
};
