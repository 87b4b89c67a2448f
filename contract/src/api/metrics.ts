import { z } from "zod";
import { Finding, Trust } from "./findings.ts";
import { describedLike, RunId, Time, TimeQuery } from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";
import {
  Endpoint,
  nullableNumber,
  PercentileError,
  ResponseTimes,
  RunSummary,
  Seen,
  Stats,
} from "../model/stats.ts";

/** What is said of the percentiles of a window, or of one endpoint in it. */
const percentiles = {
  lowCount: z
    .array(z.string())
    .optional()
    .describe(
      "The names of percentiles p over fewer than 1/(1−p) values, such as p99ResponseMs; absent: none.",
    ),
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
  untimedRequests: z
    .int()
    .nullable()
    .optional()
    .describe(
      "How many requests of the run are known only as totals: they are in no second, window or chart; null where it is unknown how many, absent where there are none.",
    ),
  percentileSource: z
    .enum(["locust"])
    .optional()
    .describe("locust where the percentiles are Locust's own, since the plugin is not there."),
  ...percentiles,
};

/** A percentile as it is written in a query: above 0 and below 100, six decimals at most. */
export const PERCENTILE = String.raw`(?:[1-9]\d?(?:\.\d{1,6})?|0\.\d{0,5}[1-9])`;

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
  targetUsers: nullableNumber.describe(
    "The number of users last commanded, at the end of the point; null in a gap.",
  ),
  errorRate: Stats.shape.errorRate,
  errorsPerSec,
  ...ResponseTimes.shape,
  minResponseMs: Stats.shape.minResponseMs,
  maxResponseMs: Stats.shape.maxResponseMs,
});
export type DataPoint = z.output<typeof DataPoint>;

const { timestamp: _, ...fieldsOfPoint } = DataPoint.shape;
const FIELD = `(?:${[...Object.keys(fieldsOfPoint), "summary"].join("|")}|p${PERCENTILE}ResponseMs)`;

/** `avgResponseMs,p99.9ResponseMs` → its names; the server names what is nearest to an unknown one. */
const FieldList = z
  .string()
  .min(1)
  .max(2000)
  .transform((text) => text.split(","))
  .meta({
    description:
      "Only these fields of the points, separated by commas: a field's name, p<N>ResponseMs for any percentile, or summary. Absent: all of them, and the summary.",
    pattern: `^${FIELD}(?:,${FIELD})*$`,
  });

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
  fields: FieldList.optional(),
});

/**
 * Percentiles that were asked for, such as p99.9ResponseMs, are further keys. They are not in the type: TypeScript would
 * demand of the other keys that they fit the same type.
 */
const withPercentiles = <Schema extends z.ZodObject>(
  schema: Schema,
  percentile: z.ZodType,
): Schema => schema.catchall(percentile) as unknown as Schema;

/** A point with the fields that were asked for. */
const SelectedPoint = withPercentiles(
  DataPoint.partial().required({ timestamp: true }),
  nullableNumber.describe("A percentile that was asked for, in ms; null without timed requests."),
).describe("A point of a chart: all its fields, or those of the parameter fields.");

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
  trust: Trust,
  findings: z
    .array(Finding)
    .describe("What is wrong with the metrics of the whole run, the gravest first."),
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
  untimedRequests: percentileNotes.untimedRequests,
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
  targetUsers: column("targetUsers"),
  errorRate: column("errorRate"),
  errorsPerSec: column("errorsPerSec"),
  avgResponseMs: column("avgResponseMs"),
  p50ResponseMs: column("p50ResponseMs"),
  p95ResponseMs: column("p95ResponseMs"),
  p99ResponseMs: column("p99ResponseMs"),
  minResponseMs: column("minResponseMs"),
  maxResponseMs: column("maxResponseMs"),
});

export const stepMs = z.int().describe("The width of a point in ms.");

/** The run's id under both names: clients exist that read the older one. */
export const runIds = {
  testRunId: RunId.describe("The id of the run; the same as runId, for older clients."),
  runId: RunId,
};

const points = z.array(SelectedPoint).describe("The chart with format=points, oldest point first.");

const percentileColumn = z
  .array(nullableNumber)
  .describe(
    "With format=columns: a percentile that was asked for, such as p99.9ResponseMs, in ms.",
  );

const Series = withPercentiles(
  z.object({
    endpoint: z.string().describe("Method and name, as the parameter endpoint has them."),
    ...Endpoint.shape,
    dataPoints: points.optional(),
    ...Columns.partial().shape,
  }),
  percentileColumn,
);

export const TimeseriesAnswer = withPercentiles(
  z.object({
    ...runIds,
    stepMs,
    dataPoints: points.optional(),
    ...Columns.partial().shape,
    series: z
      .array(Series)
      .optional()
      .describe("One chart for each endpoint with groupBy=endpoint."),
    summary: Stats.optional().describe(
      "The stats of the whole window; absent where fields does not name it.",
    ),
    ...percentileNotes,
  }),
  percentileColumn,
);

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
