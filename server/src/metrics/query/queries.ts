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
import { isComplete, workersOf } from "../live/run-aggregate.ts";
import { SERIES } from "../codec/rollup.ts";
import { csvOf } from "./csv.ts";
import { createHeatmap, createScatter } from "./distribution.ts";
import { createExport } from "./export.ts";
import { createFailures } from "./failures.ts";
import {
  viewOfAll,
  createWindowReader,
  EACH,
  windowStatsOf,
  type QueryDeps,
  percentileNotes,
} from "./window.ts";
import { pointsOf } from "./points.ts";
import { tableOf } from "./table.ts";
import { createTimeseries } from "./timeseries.ts";
import { gapsOf } from "./seconds.ts";

type Query<S extends z.ZodType> = z.output<S>;

/** The percentiles of Locust's own files. */
const CSV_PERCENTILES = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99];

export type MetricQueries = ReturnType<typeof createQueries>;

/** Every figure of a run, over any window, from the rows that are stored. Answers are in the program's own form. */
export const createQueries = (deps: QueryDeps) => {
  const readWindow = createWindowReader(deps);
  const summaryOfRun = async (run: LoadTestRun): Promise<RunSummary> => {
    const query = { responses: "all" } as const;
    const queried = await readWindow(run, query);
    const { runAggregate } = queried;
    const all = windowStatsOf(queried, query, viewOfAll(queried, query));
    return {
      ...all,
      maxUsers: runAggregate.maxUsers,
      complete:
        runAggregate.masterInstances.size === 0
          ? run.startSent === undefined
          : isComplete(runAggregate),
      gaps: gapsOf(runAggregate),
      workers: workersOf(runAggregate),
    };
  };

  const requests = async (
    run: LoadTestRun,
    query: Query<typeof RequestsQuery>,
  ): Promise<Query<typeof RequestsAnswer>> => {
    const queried = await readWindow(run, query, { selection: EACH });
    return {
      runId: run.id,
      items: tableOf(queried, query),
      ...percentileNotes(queried, query, viewOfAll(queried, query)),
    };
  };

  return {
    summaryOfRun,
    summary: async (run: LoadTestRun, query: WindowQuery): Promise<Query<typeof SummaryAnswer>> => {
      const queried = await readWindow(run, query);
      const view = viewOfAll(queried, query);
      const { runAggregate, load } = queried;
      const whole = await summaryOfRun(run);
      const { id: runId, name, status, statusReason, health, verdict, startedAt, finishedAt } = run;
      const { targetUsers, spawnRate, durationSeconds } = run;
      return {
        ...windowStatsOf(queried, query, view),
        runId,
        name,
        status,
        health,
        verdict,
        ...(statusReason === undefined ? {} : { statusReason }),
        ...(startedAt === undefined ? {} : { startedAt }),
        ...(finishedAt === undefined ? {} : { finishedAt }),
        durationMs: load.toMs > load.fromMs ? load.toMs - load.fromMs : null,
        maxUsers: runAggregate.maxUsers,
        ...(targetUsers === undefined ? {} : { targetUsers }),
        ...(spawnRate === undefined ? {} : { spawnRate }),
        ...(durationSeconds === undefined ? {} : { durationSeconds }),
        complete: whole.complete,
        gaps: whole.gaps,
        workers: whole.workers,
        ...percentileNotes(queried, query, view),
      };
    },
    graph: async (
      run: LoadTestRun,
      query: Query<typeof GraphQuery>,
    ): Promise<Query<typeof GraphAnswer>> => {
      const queried = await readWindow(run, query, { points: query.points });
      const points = pointsOf(queried, SERIES.all, query.responses);
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
    timeseries: createTimeseries(readWindow),
    scatter: createScatter(readWindow),
    heatmap: createHeatmap(readWindow),
    exportLines: createExport(deps),
    ...createFailures(deps),
    aggregate: async (
      run: LoadTestRun,
      query: Query<typeof AggregateQuery>,
    ): Promise<Query<typeof AggregateAnswer>> => {
      const queried = await readWindow(run, query, { points: query.points });
      const view = viewOfAll(queried, query);
      const all = windowStatsOf(queried, query, view);
      const points = pointsOf(queried, SERIES.all, query.responses);
      const each = await readWindow(run, query, { selection: EACH });
      const whole = [...queried.windowAggregate.facts.values()].filter((facts) => facts.whole > 0);
      const p95s = points.flatMap((point) => point.p95ResponseMs ?? []);
      const { fromMs, toMs } = queried.load;
      return {
        testRunId: run.id,
        runId: run.id,
        status: run.status,
        summary: {
          avgRps: all.requestsPerSec,
          maxRps: whole.length === 0 ? null : Math.max(...whole.map(({ highest }) => highest)),
          minRps: whole.length === 0 ? null : Math.min(...whole.map(({ lowest }) => lowest)),
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
        endpointStats: tableOf(each, query),
        timeseries: points,
        ...percentileNotes(queried, query, view),
      };
    },
  };
};
