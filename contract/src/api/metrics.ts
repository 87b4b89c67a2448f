import { z } from "zod";
import { Id, Time, TimeQuery } from "../model/primitives.ts";
import { RunSummary, Stats, nullableNumber } from "../model/stats.ts";

/** How far a percentile can be off: relative to its value, and by an absolute amount besides. */
export const PercentileError = z.object({ relative: z.number(), absoluteMs: z.number() });
export type PercentileError = z.output<typeof PercentileError>;

const percentileNotes = {
  percentileError: PercentileError.nullable(),
  percentileSource: z.enum(["locust"]).optional(),
  lowCount: z.array(z.string()).optional(),
  percentiles: z.record(z.string(), nullableNumber).optional(),
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

/** Query parameters of every endpoint with metrics: the window, and which responses count. */
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

/** One point of a chart. */
export const DataPoint = z.object({
  timestamp: Time,
  totalRps: nullableNumber,
  currentUsers: nullableNumber,
  errorRate: nullableNumber,
  errorsPerSec: nullableNumber,
  avgResponseMs: nullableNumber,
  p50ResponseMs: nullableNumber,
  p95ResponseMs: nullableNumber,
  p99ResponseMs: nullableNumber,
});
export type DataPoint = z.output<typeof DataPoint>;

const { totalRequests, totalFailures, errorRate, ...rateAndTimes } = Stats.omit({
  timedRequests: true,
}).shape;

/** The stats of one endpoint over a window. */
export const EndpointRow = z.object({
  method: z.string(),
  name: z.string(),
  totalRequests,
  totalFailures,
  errorRate,
  ...rateAndTimes,
  avgContentBytes: nullableNumber,
  lastSeenAt: Time.nullable(),
  percentiles: z.record(z.string(), nullableNumber).optional(),
  lowCount: z.array(z.string()).optional(),
});
export type EndpointRow = z.output<typeof EndpointRow>;

export const SummaryAnswer = RunSummary.extend({
  runId: Id,
  name: z.string(),
  status: z.string(),
  statusReason: z.looseObject({ code: z.string(), message: z.string() }).optional(),
  health: z.string(),
  verdict: z.string(),
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  durationMs: z.number().nullable(),
  targetUsers: z.int().optional(),
  spawnRate: z.number().optional(),
  durationSeconds: z.int().optional(),
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
      users: nullableNumber,
      requestsPerSec: nullableNumber,
      errorsPerSec: nullableNumber,
      avgResponseMs: nullableNumber,
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
  totalRps: z.array(nullableNumber),
  currentUsers: z.array(nullableNumber),
  errorRate: z.array(nullableNumber),
  errorsPerSec: z.array(nullableNumber),
  avgResponseMs: z.array(nullableNumber),
  p50ResponseMs: z.array(nullableNumber),
  p95ResponseMs: z.array(nullableNumber),
  p99ResponseMs: z.array(nullableNumber),
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
    avgRps: nullableNumber,
    maxRps: nullableNumber,
    minRps: nullableNumber,
    p50ResponseMs: nullableNumber,
    p95ResponseMs: nullableNumber,
    p99ResponseMs: nullableNumber,
    maxP95ResponseMs: nullableNumber,
    totalRequests: z.int(),
    totalFailures: z.int(),
    errorRate: nullableNumber,
    durationMs: nullableNumber,
    dataPoints: z.int(),
  }),
  endpointStats: z.array(EndpointRow),
  timeseries: z.array(DataPoint),
  ...percentileNotes,
});
