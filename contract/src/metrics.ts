import { z } from "zod";
import { Id, Time, TimeQuery } from "./primitives.ts";

const figure = z.number().nullable();

/** Totals of one endpoint in a snapshot; times in ms. */
export const EndpointSnapshot = z.object({
  method: z.string(),
  name: z.string(),
  numRequests: z.int(),
  numFailures: z.int(),
  avgResponseTime: figure,
  minResponseTime: figure,
  maxResponseTime: figure,
  medianResponseTime: figure,
  p95ResponseTime: figure,
  p99ResponseTime: figure,
  requestsPerSec: figure,
});

/** Cumulative totals of a run at one time; `totalRps` and `requestsPerSec` are over the last 10 closed seconds. */
export const MetricSnapshot = z.object({
  timestamp: Time,
  totalRps: figure,
  totalRequests: z.int(),
  totalFailures: z.int(),
  errorRate: figure,
  avgResponseMs: figure,
  p50ResponseMs: figure,
  p95ResponseMs: figure,
  p99ResponseMs: figure,
  currentUsers: z.int(),
  requestStats: z.record(z.string(), EndpointSnapshot),
});
export type MetricSnapshot = z.output<typeof MetricSnapshot>;

/** The bound of the error of a percentile: what was merged says how far it can be off. */
export const PercentileError = z.object({ relative: z.number(), absoluteMs: z.number() });
export type PercentileError = z.output<typeof PercentileError>;

const percentileNotes = {
  percentileError: PercentileError.nullable(),
  percentileSource: z.enum(["locust"]).optional(),
  lowCount: z.array(z.string()).optional(),
  percentiles: z.record(z.string(), figure).optional(),
};

/** `90,99.9` → [90, 99.9]. */
const PercentileList = z
  .string()
  .transform((text) => text.split(",").map(Number))
  .pipe(z.array(z.number().gt(0).lt(100)).min(1).max(20));

export const EndpointQuery = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .pipe(z.array(z.string().max(2000)).max(1000));

/** The window and the view that every number endpoint understands. */
export const WindowQuery = z.strictObject({
  from: TimeQuery.optional(),
  to: TimeQuery.optional(),
  phase: z.enum(["steady"]).optional(),
  responses: z.enum(["all", "ok", "failed"]).default("all"),
  percentiles: PercentileList.optional(),
});
export type WindowQuery = z.output<typeof WindowQuery>;

export const Points = z.coerce.number().int().min(1).max(11_000);
export const GraphQuery = WindowQuery.extend({ points: Points.default(300) });
export const TimeseriesQuery = WindowQuery.extend({
  points: Points.default(300),
  endpoint: EndpointQuery.optional(),
  groupBy: z.enum(["endpoint"]).optional(),
  format: z.enum(["points", "columns"]).default("points"),
});
export const RequestsQuery = WindowQuery.extend({
  format: z.enum(["json", "csv"]).default("json"),
});
export const AggregateQuery = WindowQuery.extend({ points: Points.default(300) });

/** The key figures over a window; latencies in ms, `errorRate` in percent. */
export const Stats = z.object({
  totalRequests: z.int(),
  totalFailures: z.int(),
  timedRequests: z.int(),
  requestsPerSec: figure,
  errorRate: figure,
  avgResponseMs: figure,
  minResponseMs: figure,
  maxResponseMs: figure,
  p50ResponseMs: figure,
  p90ResponseMs: figure,
  p95ResponseMs: figure,
  p99ResponseMs: figure,
});
export type Stats = z.output<typeof Stats>;

export const DataPoint = z.object({
  timestamp: Time,
  totalRps: figure,
  currentUsers: figure,
  errorRate: figure,
  errorsPerSec: figure,
  avgResponseMs: figure,
  p50ResponseMs: figure,
  p95ResponseMs: figure,
  p99ResponseMs: figure,
});
export type DataPoint = z.output<typeof DataPoint>;

export const EndpointRow = z.object({
  method: z.string(),
  name: z.string(),
  totalRequests: z.int(),
  totalFailures: z.int(),
  errorRate: figure,
  requestsPerSec: figure,
  avgResponseMs: figure,
  minResponseMs: figure,
  maxResponseMs: figure,
  p50ResponseMs: figure,
  p90ResponseMs: figure,
  p95ResponseMs: figure,
  p99ResponseMs: figure,
  avgContentBytes: figure,
  lastSeenAt: Time.nullable(),
  percentiles: z.record(z.string(), figure).optional(),
  lowCount: z.array(z.string()).optional(),
});
export type EndpointRow = z.output<typeof EndpointRow>;

export const SummaryAnswer = Stats.extend({
  runId: Id,
  name: z.string(),
  status: z.string(),
  statusReason: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  health: z.string(),
  verdict: z.string(),
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  durationMs: z.number().nullable(),
  maxUsers: z.int(),
  targetUsers: z.int().optional(),
  spawnRate: z.number().optional(),
  durationSeconds: z.int().optional(),
  complete: z.boolean(),
  gaps: z.array(z.object({ from: Time, to: Time })),
  workers: z.object({ expected: z.int().nullable(), lost: z.int() }),
  ...percentileNotes,
});

export const GraphAnswer = z.object({
  runId: Id,
  name: z.string(),
  status: z.string(),
  startedAt: Time.optional(),
  dataPoints: z.array(
    z.object({
      timestamp: Time,
      users: figure,
      requestsPerSec: figure,
      errorsPerSec: figure,
      avgResponseMs: figure,
    }),
  ),
});

export const RequestsAnswer = z.object({
  runId: Id,
  items: z.array(EndpointRow),
  ...percentileNotes,
});

const Columns = z.object({
  t: z.array(z.int()),
  totalRps: z.array(figure),
  currentUsers: z.array(figure),
  errorRate: z.array(figure),
  errorsPerSec: z.array(figure),
  avgResponseMs: z.array(figure),
  p50ResponseMs: z.array(figure),
  p95ResponseMs: z.array(figure),
  p99ResponseMs: z.array(figure),
});

const runIds = { testRunId: Id, runId: Id };
const Series = z.object({
  endpoint: z.string(),
  method: z.string(),
  name: z.string(),
  dataPoints: z.array(DataPoint).optional(),
  ...Columns.partial().shape,
});
export const TimeseriesAnswer = z.object({
  ...runIds,
  stepMs: z.int(),
  dataPoints: z.array(DataPoint).optional(),
  ...Columns.partial().shape,
  series: z.array(Series).optional(),
  summary: Stats,
  ...percentileNotes,
});

export const AggregateAnswer = z.object({
  ...runIds,
  status: z.string(),
  summary: z.object({
    avgRps: figure,
    maxRps: figure,
    minRps: figure,
    p50ResponseMs: figure,
    p95ResponseMs: figure,
    p99ResponseMs: figure,
    maxP95ResponseMs: figure,
    totalRequests: z.int(),
    totalFailures: z.int(),
    errorRate: figure,
    durationMs: figure,
    dataPoints: z.int(),
  }),
  endpointStats: z.array(EndpointRow),
  timeseries: z.array(DataPoint),
  ...percentileNotes,
});
