import type {
  AggregateAnswer,
  AggregateQuery,
  GraphAnswer,
  GraphQuery,
  RequestsAnswer,
  RequestsQuery,
  SummaryAnswer,
  WindowQuery,
} from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunSummary } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import type { MetricStore } from "../../stores/ports.ts";
import { isComplete, workersOf } from "../accumulator.ts";
import type { LiveRuns } from "../live.ts";
import { csvOf } from "./csv.ts";
import { allOf, createLook, figuresFor, percentileNotes } from "./look.ts";
import { isWhole, pointsOf } from "./points.ts";
import { tableOf } from "./table.ts";
import { createTimeseries } from "./timeseries.ts";
import { gapsOf } from "./window.ts";

type Query<S extends z.ZodType> = z.output<S>;

/** The percentiles of Locust's own files. */
const CSV_PERCENTILES = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99];

export type MetricQueries = ReturnType<typeof createQueries>;

/** Every figure of a run, over any window, from the rows that are stored. Answers are in the program's own form. */
export const createQueries = (deps: {
  readonly metrics: MetricStore;
  readonly live: LiveRuns;
  readonly clock: Clock;
}) => {
  const look = createLook(deps);
  const summaryOfRun = async (run: LoadTestRun): Promise<RunSummary> => {
    const query = { responses: "all" } as const;
    const looked = await look(run, query);
    const { accumulator } = looked;
    const all = figuresFor(looked, query, allOf(looked, query));
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
      ...percentileNotes(looked, query, allOf(looked, query)),
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
        ...figuresFor(looked, query, view),
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
        ...percentileNotes(looked, query, view),
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
    timeseries: createTimeseries(look),
    aggregate: async (
      run: LoadTestRun,
      query: Query<typeof AggregateQuery>,
    ): Promise<Query<typeof AggregateAnswer>> => {
      const looked = await look(run, query, { points: query.points });
      const view = allOf(looked, query);
      const all = figuresFor(looked, query, view);
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
        ...percentileNotes(looked, query, view),
      };
    },
  };
};
