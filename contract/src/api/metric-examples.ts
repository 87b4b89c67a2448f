import type { Example } from "./example.ts";
import {
  runId,
  endpoint,
  stats,
  summary,
  settings,
  startedAt,
  finishedAt,
  seen,
  percentileNotes,
  pending,
  endpointRow,
  point,
  runIds,
} from "./example-objects.ts";
import type { Routes } from "./routes.ts";

type Operation =
  | "getRunSummary"
  | "getRunGraph"
  | "getRunRequests"
  | "getRunTimeseries"
  | "getRunScatter"
  | "getRunHeatmap"
  | "getRunKnee"
  | "getRunFailuresOverTime"
  | "getRunProcesses"
  | "getRunUsers"
  | "exportRunMetrics"
  | "listRunFailures"
  | "listRunExceptions"
  | "getRunAggregate";

/** Examples of the operations on the metrics of a run. */
export const metricExamples: { readonly [K in Operation]: Example<Routes[K]> } = {
  getRunSummary: {
    params: { runId },
    query: { phase: "steady" },
    answer: {
      runId,
      name: pending.name,
      status: "Finished",
      statusReason: { code: "duration_reached", message: "The duration was reached." },
      health: "ok",
      verdict: "passed",
      startedAt,
      finishedAt,
      durationMs: 600_000,
      ...settings,
      ...summary,
      trust: {
        load: {
          state: "fine",
          users: 100,
          targetUsers: 100,
          reachedAt: "2026-11-23T10:15:13.000Z",
        },
        generators: {
          state: "flawed",
          process: "vm_1",
          cpuPercent: 93.4,
          workers: summary.workers,
        },
        data: { state: "fine", gaps: 0, gapSeconds: 0, lastSecondAt: finishedAt },
        clocks: { state: "fine", process: "vm_1", offsetMs: -3 },
        percentiles: { state: "fine", error: percentileNotes.percentileError },
      },
      findings: [
        {
          code: "generator_saturated",
          since: "2026-11-23T10:20:10.000Z",
          until: "2026-11-23T10:21:40.000Z",
          data: { processes: [{ id: "vm_1", cpuPercent: 93.4 }] },
        },
      ],
      ...percentileNotes,
    },
  },
  getRunGraph: {
    params: { runId },
    query: { points: 60 },
    answer: {
      runId,
      name: pending.name,
      status: "Running",
      startedAt,
      dataPoints: [
        {
          timestamp: point.timestamp,
          users: 100,
          requestsPerSec: 85.5,
          errorsPerSec: 0.17,
          avgResponseMs: 92.4,
        },
      ],
    },
  },
  getRunRequests: {
    params: { runId },
    answer: { runId, items: [endpointRow], ...percentileNotes },
  },
  getRunTimeseries: {
    params: { runId },
    query: { from: "2026-11-23T10:16:00Z", to: "2026-11-23T10:20:00Z", endpoint: "GET /cart" },
    answer: { ...runIds, stepMs: 1000, dataPoints: [point], summary: stats, ...percentileNotes },
  },
  getRunScatter: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      endpoints: ["GET /cart"],
      dataPoints: [
        {
          timestamp: point.timestamp,
          method: "GET",
          endpoint: "GET /cart",
          responseTimeMs: 81.5,
          count: 37,
          success: true,
        },
      ],
    },
  },
  getRunHeatmap: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      t: [1_795_428_960_000],
      lowerMs: [80, 81],
      upperMs: [81, 82],
      counts: [[35, 37]],
    },
  },
  getRunKnee: {
    params: { runId },
    query: { endpoint: "GET /cart" },
    answer: {
      ...runIds,
      stepMs: 10_000,
      points: [
        { timestamp: point.timestamp, users: 100, requestsPerSec: 85.5, p95ResponseMs: 180 },
      ],
      knee: {
        users: 84,
        usersFrom: 80,
        usersTo: 90,
        requestsPerSec: 85.1,
        p95ResponseMs: 172,
      },
      noKneeUpToUsers: null,
    },
  },
  getRunFailuresOverTime: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      t: [1_795_428_960_000, 1_795_428_970_000],
      series: [
        {
          ...endpoint,
          error: "HTTPError('503 Server Error')",
          occurrences: 102,
          counts: [100, 2],
        },
      ],
      truncated: false,
    },
  },
  getRunProcesses: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      t: [1_795_428_960_000],
      processes: [
        {
          id: "master",
          role: "master",
          state: "running",
          users: [0],
          cpuPercent: [3.2],
          maxCpuPercent: [5.1],
          memoryBytes: [58_720_256],
          clockOffsetMs: [0],
        },
      ],
    },
  },
  getRunUsers: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      t: [1_795_428_960_000],
      classes: [{ name: "Shopper", currentUsers: [98], targetUsers: [100] }],
    },
  },
  exportRunMetrics: {
    params: { runId },
    query: { step: "10s" },
    answer: `timestamp,method,name,requests,failures,timedRequests,sumResponseMs,minResponseMs,maxResponseMs,contentBytes
2026-11-23T10:16:00.000Z,GET,/cart,855,2,855,79002.4,12.1,402.9,1751040
`,
  },
  listRunFailures: {
    params: { runId },
    answer: {
      runId,
      items: [{ ...endpoint, error: "HTTPError('503 Server Error')", occurrences: 102, ...seen }],
      truncated: false,
    },
  },
  listRunExceptions: {
    params: { runId },
    answer: {
      runId,
      items: [
        {
          message: "KeyError: 'total'",
          traceback: 'File "locustfile.py", line 7, in cart\n',
          count: 3,
          workers: ["vm_1"],
          ...seen,
        },
      ],
      truncated: false,
    },
  },
  getRunAggregate: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      status: "Finished",
      summary: {
        avgRps: stats.requestsPerSec,
        maxRps: 104,
        minRps: 61,
        p50ResponseMs: stats.p50ResponseMs,
        p95ResponseMs: stats.p95ResponseMs,
        p99ResponseMs: stats.p99ResponseMs,
        maxP95ResponseMs: 240,
        totalRequests: stats.totalRequests,
        totalFailures: stats.totalFailures,
        errorRate: stats.errorRate,
        durationMs: 600_000,
        dataPoints: 1,
      },
      endpointStats: [endpointRow],
      timeseries: [point],
      ...percentileNotes,
    },
  },
};
