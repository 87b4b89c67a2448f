import { z } from "zod";
import { Time } from "./primitives.ts";

/** Null: unknown. */
export const nullableNumber = z.number().nullable();

const count = (description: string) => z.int().describe(description);
const knowableCount = (description: string) => z.int().nullable().describe(description);
const unknowable = (description: string) => nullableNumber.describe(description);

/** Locust's pair of method and name, which makes an endpoint. */
export const Endpoint = z.object({
  method: z.string().describe("The HTTP method, or the request type of another protocol."),
  name: z
    .string()
    .describe("The name of the endpoint, which the script may set; its path by default."),
});

/** How many times a request or exception was seen, and when. */
export const Seen = z.object({
  firstSeenAt: Time.describe("When it was first seen."),
  lastSeenAt: Time.describe("When it was last seen."),
});

/** Stats over a window; response times in ms, `errorRate` in percent. Null: unknown. */
export const Stats = z.object({
  totalRequests: knowableCount(
    "The number of requests, failures included; null where it is unknown, beyond 2^53.",
  ),
  totalFailures: knowableCount(
    "The number of failed requests; null where it is unknown, beyond 2^53.",
  ),
  timedRequests: knowableCount(
    "The number of requests with a response time; null where it is unknown, beyond 2^53.",
  ),
  requestsPerSec: unknowable("Requests per second of load time; null without load time."),
  errorRate: unknowable(
    "The share of failed requests in percent, 0 to 100; null without requests.",
  ),
  avgResponseMs: unknowable("The average response time in ms; null without timed requests."),
  minResponseMs: unknowable(
    "The shortest response time in ms; null without timed requests, and of a part of a run whose metrics are Locust's own totals.",
  ),
  maxResponseMs: unknowable("The longest response time in ms; null where minResponseMs is."),
  p50ResponseMs: unknowable(
    "The 50th percentile (median) of the response time in ms; null without timed requests.",
  ),
  p90ResponseMs: unknowable(
    "The 90th percentile of the response time in ms; null without timed requests.",
  ),
  p95ResponseMs: unknowable(
    "The 95th percentile of the response time in ms; null without timed requests.",
  ),
  p99ResponseMs: unknowable(
    "The 99th percentile of the response time in ms; null without timed requests.",
  ),
});
export type Stats = z.output<typeof Stats>;

/** How far a percentile can be off: relative to its value, and by an absolute amount besides. */
export const PercentileError = z.object({
  relative: z.number().describe("The error relative to the value: 0.016 is 1.6 %."),
  absoluteMs: z.number().describe("The error that comes on top, in ms."),
});
export type PercentileError = z.output<typeof PercentileError>;

/** The response times of all endpoints together, as charts and snapshots have them. */
export const ResponseTimes = Stats.pick({
  avgResponseMs: true,
  p50ResponseMs: true,
  p95ResponseMs: true,
  p99ResponseMs: true,
});

/** Totals of one endpoint in a snapshot; times in ms. */
export const EndpointSnapshot = z.object({
  ...Endpoint.shape,
  numRequests: Stats.shape.totalRequests,
  numFailures: Stats.shape.totalFailures,
  avgResponseTime: Stats.shape.avgResponseMs,
  minResponseTime: Stats.shape.minResponseMs,
  maxResponseTime: Stats.shape.maxResponseMs,
  medianResponseTime: Stats.shape.p50ResponseMs,
  p95ResponseTime: Stats.shape.p95ResponseMs,
  p99ResponseTime: Stats.shape.p99ResponseMs,
  requestsPerSec: unknowable(
    "Requests per second, as Locust or the sender has told them; null with the plugin.",
  ),
});

/** Cumulative totals of a run at one time; `totalRps` is over the last 10 closed seconds. */
export const MetricSnapshot = z.object({
  timestamp: Time.describe(
    "The time of the snapshot. In a request: absent, before the load or in the future means the time of its arrival.",
  ),
  totalRps: unknowable(
    "Requests per second of all endpoints over the last 10 closed seconds; null if unknown.",
  ),
  ...Stats.pick({ totalRequests: true, totalFailures: true, errorRate: true }).shape,
  ...ResponseTimes.shape,
  currentUsers: count("The number of users that run."),
  requestStats: z
    .record(z.string(), EndpointSnapshot)
    .describe("The totals of each endpoint; the key is its method and name, such as GET /cart."),
});
export type MetricSnapshot = z.output<typeof MetricSnapshot>;

/** The stats of a run, kept with it when it has ended; computed again when late samples arrive. */
export const RunSummary = Stats.extend({
  maxUsers: count(
    "The highest number of users that ran at the same time in the window; 0 without samples.",
  ),
  complete: z
    .boolean()
    .describe(
      "False until the run has ended and all of its metrics have arrived, each with its time.",
    ),
  gaps: z
    .array(
      z.object({
        from: Time.describe("The first moment without samples."),
        to: Time.describe("The moment from which on there are samples again."),
      }),
    )
    .describe("The parts of the run whose samples are missing, or are known only as totals."),
  workers: z
    .object({
      expected: z
        .int()
        .nullable()
        .describe("The number of workers that the run should have; null if unknown."),
      lost: z
        .int()
        .nullable()
        .describe("The number of workers that disconnected during the run; null if unknown."),
    })
    .describe("The Locust workers of the run."),
});
export type RunSummary = z.output<typeof RunSummary>;
