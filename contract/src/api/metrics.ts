import { z } from "zod";
import { describedLike, RunId, Time, TimeQuery } from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";
import {
  Endpoint,
  nullableNumber,
  ResponseTimes,
  RunSummary,
  Seen,
  Stats,
} from "../model/stats.ts";

/** How far a percentile can be off: relative to its value, and by an absolute amount besides. */
export const PercentileError = z.object({
  relative: z.number().describe("The error relative to the value: 0.008 is 0.8 %."),
  absoluteMs: z.number().describe("The error that comes on top, in ms."),
});
export type PercentileError = z.output<typeof PercentileError>;

/** What is said of the percentiles of a window, or of one endpoint in it. */
const percentiles = {
  lowCount: z
    .array(z.string())
    .optional()
    .describe("The names of percentiles over too few values to mean much; absent: none."),
  percentiles: z
    .record(z.string(), nullableNumber)
    .optional()
    .describe(
      "The percentiles that were asked for, in ms; the key is the percentile, such as 99.9.",
    ),
};

const percentileNotes = {
  percentileError: PercentileError.nullable().describe(
    "How far the percentiles can be off at most; null where they are Locust's own.",
  ),
  percentileSource: z
    .enum(["locust"])
    .optional()
    .describe("locust where the percentiles are Locust's own, since the plugin is not there."),
  ...percentiles,
};

const PERCENTILE = String.raw`(?:[1-9]\d?(?:\.\d{1,6})?|0\.\d{0,5}[1-9])`;

/** `90,99.9` → [90, 99.9]. */
const PercentileList = z
  .string()
  .transform((text) => text.split(",").map(Number))
  .pipe(z.array(z.number().gt(0).lt(100)).min(1).max(20))
  .meta({
    description: "Percentiles to add, separated by commas: above 0 and below 100, 20 at most.",
    pattern: `^${PERCENTILE}(?:,${PERCENTILE}){0,19}$`,
  });

export const EndpointQuery = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .pipe(z.array(z.string().max(2000)).max(1000))
  .describe("Only this endpoint: its method and name, such as GET /cart. Several are added up.");

/** Query parameters of every endpoint with metrics: the window, and which responses count. */
export const WindowQuery = z.strictObject({
  from: TimeQuery.describe(
    "The start of the window: ISO 8601 or Unix ms; absent: the start of the run.",
  ).optional(),
  to: TimeQuery.describe(
    "The end of the window, which it does not include; absent: the end of the run.",
  ).optional(),
  phase: z
    .enum(["steady"])
    .optional()
    .describe("steady counts only the seconds in which as many users ran as targeted."),
  responses: z
    .enum(["all", "ok", "failed"])
    .default("all")
    .describe("Whose response times count: those of all, of successful or of failed requests."),
  percentiles: PercentileList.optional(),
});
export type WindowQuery = z.output<typeof WindowQuery>;

export const Points = z.coerce
  .number()
  .int()
  .min(1)
  .max(11_000)
  .describe("The number of points at most; each covers as many whole seconds as that needs.");

export const GraphQuery = WindowQuery.extend({ points: Points.default(300) });

export const TimeseriesQuery = WindowQuery.extend({
  points: Points.default(300),
  endpoint: EndpointQuery.optional(),
  groupBy: z
    .enum(["endpoint"])
    .optional()
    .describe("endpoint answers one series for each endpoint instead of their sum."),
  format: z
    .enum(["points", "columns"])
    .default("points")
    .describe("points is a list of objects; columns is one list for each field."),
});

export const RequestsQuery = WindowQuery.extend({
  format: z.enum(["json", "csv"]).default("json").describe("The format of the answer."),
});

export const AggregateQuery = WindowQuery.extend({ points: Points.default(300) });

const errorsPerSec = nullableNumber.describe("Failed requests per second; null in a gap.");
const requestsPerSec = nullableNumber.describe("Requests per second; null in a gap.");
const usersAtEnd = nullableNumber.describe(
  "The number of users at the end of the point; null in a gap.",
);
const pointStart = Time.describe("The start of the point.");

/** One point of a chart. */
export const DataPoint = z.object({
  timestamp: pointStart,
  totalRps: requestsPerSec,
  currentUsers: usersAtEnd,
  errorRate: Stats.shape.errorRate,
  errorsPerSec,
  ...ResponseTimes.shape,
});
export type DataPoint = z.output<typeof DataPoint>;

const { totalRequests, totalFailures, errorRate, ...rateAndTimes } = Stats.omit({
  timedRequests: true,
}).shape;

/** The stats of one endpoint over a window. */
export const EndpointRow = z.object({
  ...Endpoint.shape,
  totalRequests,
  totalFailures,
  errorRate,
  ...rateAndTimes,
  avgContentBytes: nullableNumber.describe(
    "The average length of a response in bytes; null if unknown.",
  ),
  lastSeenAt: Seen.shape.lastSeenAt
    .nullable()
    .describe("The second of its last request; null if unknown."),
  ...percentiles,
});
export type EndpointRow = z.output<typeof EndpointRow>;

export const SummaryAnswer = RunSummary.extend({
  ...describedLike(LoadTestRun.shape, {
    name: z.string(),
    status: z.string(),
    statusReason: LoadTestRun.shape.statusReason,
    health: z.string(),
    verdict: z.string(),
    startedAt: Time.optional(),
    finishedAt: Time.optional(),
    targetUsers: z.int().optional(),
    spawnRate: z.number().optional(),
    durationSeconds: z.int().optional(),
  }),
  runId: RunId,
  durationMs: nullableNumber.describe("The load time in ms; null without load."),
  ...percentileNotes,
});

export const GraphAnswer = z.object({
  runId: RunId,
  ...describedLike(LoadTestRun.shape, {
    name: z.string(),
    status: z.string(),
    startedAt: Time.optional(),
  }),
  dataPoints: z
    .array(
      z.object({
        timestamp: pointStart,
        users: usersAtEnd,
        requestsPerSec,
        errorsPerSec,
        avgResponseMs: Stats.shape.avgResponseMs,
      }),
    )
    .describe("The chart, oldest point first."),
});

export const RequestsAnswer = z.object({
  runId: RunId,
  items: z.array(EndpointRow).describe("One row for each endpoint, by name and method."),
  ...percentileNotes,
});

const column = (field: keyof typeof DataPoint.shape) =>
  z
    .array(nullableNumber)
    .describe(`${DataPoint.shape[field].description ?? ""} One value for each time in t.`);

/** The points of a chart as one list for each field. */
const Columns = z.object({
  t: z.array(z.int()).describe("The start of each point in Unix ms."),
  totalRps: column("totalRps"),
  currentUsers: column("currentUsers"),
  errorRate: column("errorRate"),
  errorsPerSec: column("errorsPerSec"),
  avgResponseMs: column("avgResponseMs"),
  p50ResponseMs: column("p50ResponseMs"),
  p95ResponseMs: column("p95ResponseMs"),
  p99ResponseMs: column("p99ResponseMs"),
});

export const stepMs = z.int().describe("The width of a point in ms.");

/** The run's id under both names: clients exist that read the older one. */
export const runIds = {
  testRunId: RunId.describe("The id of the run; the same as runId, for older clients."),
  runId: RunId,
};

const points = z.array(DataPoint).describe("The chart with format=points, oldest point first.");

const Series = z.object({
  endpoint: z.string().describe("Method and name, as the parameter endpoint has them."),
  ...Endpoint.shape,
  dataPoints: points.optional(),
  ...Columns.partial().shape,
});

export const TimeseriesAnswer = z.object({
  ...runIds,
  stepMs,
  dataPoints: points.optional(),
  ...Columns.partial().shape,
  series: z.array(Series).optional().describe("One chart for each endpoint with groupBy=endpoint."),
  summary: Stats.describe("The stats of the whole window."),
  ...percentileNotes,
});

export const AggregateAnswer = z.object({
  ...runIds,
  status: z.string().describe(LoadTestRun.shape.status.description ?? ""),
  summary: z
    .object({
      avgRps: Stats.shape.requestsPerSec,
      maxRps: nullableNumber.describe("The most requests in one whole second; null without one."),
      minRps: nullableNumber.describe("The fewest requests in one whole second; null without one."),
      p50ResponseMs: Stats.shape.p50ResponseMs,
      p95ResponseMs: Stats.shape.p95ResponseMs,
      p99ResponseMs: Stats.shape.p99ResponseMs,
      maxP95ResponseMs: nullableNumber.describe(
        "The highest 95th percentile of a point of the chart, in ms; null without one.",
      ),
      totalRequests,
      totalFailures,
      errorRate,
      durationMs: SummaryAnswer.shape.durationMs,
      dataPoints: z.int().describe("The number of points of the chart."),
    })
    .describe("The stats of the whole window."),
  endpointStats: z.array(EndpointRow).describe("One row for each endpoint, by name and method."),
  timeseries: z.array(DataPoint).describe("The chart, oldest point first."),
  ...percentileNotes,
});
