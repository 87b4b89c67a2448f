import { z } from "zod";
import { EndpointQuery, Points, runIds, stepMs, WindowQuery } from "./metrics.ts";
import { RunId, Time } from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";
import { Endpoint, nullableNumber, ResponseTimes, Seen, Stats } from "../model/stats.ts";

export const DistributionQuery = WindowQuery.omit({ percentiles: true }).extend({
  points: Points.default(150),
  endpoint: EndpointQuery.optional(),
});

/** One point for each endpoint, time bucket and latency bucket with requests, with their count. Nothing is sampled. */
export const ScatterAnswer = z.object({
  ...runIds,
  stepMs,
  endpoints: z.array(z.string()).describe("Method and name of each endpoint that has points."),
  dataPoints: z
    .array(
      z.object({
        timestamp: Time.describe("The start of the time bucket."),
        method: Endpoint.shape.method,
        endpoint: z.string().describe("Method and name, as the parameter endpoint has them."),
        responseTimeMs: z.number().describe("The middle of the latency bucket, in ms."),
        count: z.int().describe("The number of requests in both buckets."),
        success: z.boolean().describe("Whether they succeeded."),
      }),
    )
    .describe("One point for each endpoint, time bucket and latency bucket with requests."),
});

export const HeatmapAnswer = z.object({
  ...runIds,
  stepMs,
  t: z.array(z.int()).describe("The start of each time bucket in Unix ms."),
  lowerMs: z.array(z.number()).describe("The lower bound of each latency bucket in ms, included."),
  upperMs: z
    .array(z.number())
    .describe("The upper bound of each latency bucket in ms, not included."),
  counts: z
    .array(z.array(z.int()))
    .describe(
      "counts[i][j]: the number of requests in the time bucket i and the latency bucket j.",
    ),
});

export const FailuresQuery = WindowQuery.pick({ from: true, to: true });

const seen = {
  firstSeenAt: Seen.shape.firstSeenAt
    .nullable()
    .describe("When it was first seen; null if unknown."),
  lastSeenAt: Seen.shape.lastSeenAt.nullable().describe("When it was last seen; null if unknown."),
};

export const truncated = z
  .boolean()
  .describe("Whether there were more kinds than are kept; the rest are counted as one.");

export const FailuresAnswer = z.object({
  runId: RunId,
  items: z
    .array(
      z.object({
        ...Endpoint.shape,
        error: z.string().describe("The text of the error."),
        occurrences: z.int().describe("How many requests failed with it."),
        ...seen,
      }),
    )
    .describe("The errors of each endpoint, most frequent first."),
  truncated,
});

export const ExceptionsAnswer = z.object({
  runId: RunId,
  items: z
    .array(
      z.object({
        message: z.string().describe("The text of the exception."),
        traceback: z.string().describe("Where in the script it was raised, as Python prints it."),
        count: z.int().describe("How many times it was raised."),
        workers: z.array(z.string()).describe("The ids of the workers on which it was raised."),
        ...seen,
      }),
    )
    .describe("The exceptions, most frequent first."),
  truncated,
});

export const ExportQuery = WindowQuery.pick({ from: true, to: true }).extend({
  format: z.enum(["csv", "ndjson"]).default("csv").describe("The format of the answer."),
  step: z.enum(["1s", "10s", "60s"]).default("1s").describe("The width of a time bucket."),
  endpoint: EndpointQuery.optional(),
});

/** The id of an event of a stream, or 0 for the first event. */
export const EVENT_ID = /^(?:0|\d{1,12}\.\d{1,15}(?:\.[0-9a-f]{32}-\d{1,15}(?:\+\d{4})?)*)$/;

export const NOT_AN_EVENT_ID =
  "must be the id of an event of this stream, or 0 for the first event";

export const StreamQuery = z.strictObject({
  lastEventId: z
    .string()
    .max(2000)
    .regex(EVENT_ID, NOT_AN_EVENT_ID)
    .describe(
      "The id of the last event received; 0 begins with the run's first. The header Last-Event-ID wins.",
    )
    .optional(),
});

export const processId = z.string().describe("The id of the worker, or master.");
export const processState = z
  .enum(["unknown", "ready", "spawning", "running", "missing", "stopped"])
  .describe("The state of the process, as Locust names it.");
export const cpuPercent = z.number().describe("How much of one CPU core it uses, in percent.");
export const memoryBytes = nullableNumber.describe(
  "Its resident memory in bytes; null if unknown.",
);
export const clockOffsetMs = nullableNumber.describe(
  "By how much its clock is ahead, in ms: a worker's of the master's, the master's of the server's; null if unknown.",
);

const requests = z.int().describe("The number of requests of this second, failures included.");
const failures = z.int().describe("The number of failed requests of this second.");

/** The data of a `sample` event: one second of a run. Several events of the same second add up. */
export const SampleEvent = z.object({
  timestamp: Time.describe("The second that the sample covers."),
  requests,
  failures,
  currentUsers: nullableNumber.describe("The number of users that run; null if unknown."),
  targetUsers: nullableNumber.describe("The number of users last commanded; null if unknown."),
  ...ResponseTimes.shape,
  userClasses: z
    .array(
      z.object({
        name: z.string().describe("The name of the User class in the script."),
        targetUsers: z.int().describe("The number of its users to reach."),
        currentUsers: z.int().describe("The number of its users that run."),
      }),
    )
    .describe("The users of each User class."),
  workers: z
    .array(
      z.object({
        id: processId,
        state: processState,
        users: z.int().describe("The number of its users."),
        cpuPercent,
        memoryBytes,
        clockOffsetMs,
      }),
    )
    .describe("The Locust processes: the workers, and the master, whose id is master."),
  endpoints: z
    .array(
      z.object({
        ...Endpoint.shape,
        requests,
        failures,
        avgResponseMs: Stats.shape.avgResponseMs,
        p95ResponseMs: Stats.shape.p95ResponseMs,
      }),
    )
    .describe("The endpoints with requests in this second."),
});
export type SampleEvent = z.output<typeof SampleEvent>;

/** The data of an `end` event, the last one of a stream. */
export const EndEvent = z.object({
  runId: RunId,
  ...LoadTestRun.pick({ status: true, endCause: true, summary: true }).shape,
  verdict: LoadTestRun.shape.verdict.optional(),
});
