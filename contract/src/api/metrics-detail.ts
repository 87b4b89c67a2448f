import { z } from "zod";
import { EndpointQuery, Points, WindowQuery } from "./metrics.ts";
import { Id, Time } from "../model/primitives.ts";

const runIds = { testRunId: Id, runId: Id };
/** Null: unknown. */
const nullableNumber = z.number().nullable();

export const DistributionQuery = WindowQuery.omit({ percentiles: true }).extend({
  points: Points.default(150),
  endpoint: EndpointQuery.optional(),
});

/** One point for each endpoint, time bucket and latency bucket with requests, with their count. Nothing is sampled. */
export const ScatterAnswer = z.object({
  ...runIds,
  stepMs: z.int(),
  endpoints: z.array(z.string()),
  dataPoints: z.array(
    z.object({
      timestamp: Time,
      method: z.string(),
      endpoint: z.string(),
      responseTimeMs: z.number(),
      count: z.int(),
      success: z.boolean(),
    }),
  ),
});

/**
 * `counts[i][j]` is the number of requests of the time bucket from `t[i]` (Unix ms) on that took at least `lowerMs[j]` and
 * less than `upperMs[j]`.
 */
export const HeatmapAnswer = z.object({
  ...runIds,
  stepMs: z.int(),
  t: z.array(z.int()),
  lowerMs: z.array(z.number()),
  upperMs: z.array(z.number()),
  counts: z.array(z.array(z.int())),
});

export const FailuresQuery = WindowQuery.pick({ from: true, to: true });
const seen = { firstSeenAt: Time, lastSeenAt: Time };

/** Most frequent first. `truncated`: there were more kinds of errors than are kept; the rest are counted as one. */
export const FailuresAnswer = z.object({
  runId: Id,
  items: z.array(
    z.object({
      method: z.string(),
      name: z.string(),
      error: z.string(),
      occurrences: z.int(),
      ...seen,
    }),
  ),
  truncated: z.boolean(),
});

export const ExceptionsAnswer = z.object({
  runId: Id,
  items: z.array(
    z.object({
      message: z.string(),
      traceback: z.string(),
      count: z.int(),
      workers: z.array(z.string()),
      ...seen,
    }),
  ),
  truncated: z.boolean(),
});

export const ExportQuery = WindowQuery.pick({ from: true, to: true }).extend({
  format: z.enum(["csv", "ndjson"]).default("csv"),
  step: z.enum(["1s", "10s", "60s"]).default("1s"),
  endpoint: EndpointQuery.optional(),
});

/** `lastEventId`: the id of the last event received; `0` begins with the run's first. */
export const StreamQuery = z.strictObject({
  lastEventId: z.string().max(2000).optional(),
});

/** The data of a `sample` event: one second of a run. Several events of the same second add up. */
export const SampleEvent = z.object({
  timestamp: Time,
  requests: z.int(),
  failures: z.int(),
  currentUsers: nullableNumber,
  targetUsers: nullableNumber,
  avgResponseMs: nullableNumber,
  p50ResponseMs: nullableNumber,
  p95ResponseMs: nullableNumber,
  p99ResponseMs: nullableNumber,
  userClasses: z.array(z.object({ name: z.string(), targetUsers: z.int(), currentUsers: z.int() })),
  workers: z.array(
    z.object({
      id: z.string(),
      state: z.enum(["unknown", "ready", "spawning", "running", "missing", "stopped"]),
      users: z.int(),
      cpuPercent: z.number(),
    }),
  ),
  endpoints: z.array(
    z.object({
      method: z.string(),
      name: z.string(),
      requests: z.int(),
      failures: z.int(),
      avgResponseMs: nullableNumber,
      p95ResponseMs: nullableNumber,
    }),
  ),
});
export type SampleEvent = z.output<typeof SampleEvent>;
