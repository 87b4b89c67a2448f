import { z } from "zod";
import {
  describedLike,
  Id,
  LoadTestId,
  RunId,
  Scope,
  SpawnRate,
  TimeInput,
  Users,
} from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";
import { Endpoint, EndpointSnapshot, MetricSnapshot } from "../model/stats.ts";

export const CallbackAnswer = z.object({
  success: z.boolean().describe("Always true: a refusal is a Problem."),
  message: z.string().describe("What was done, for Locust's log."),
});

export const RegisterExternal = z.object({
  ...Scope.shape,
  ...describedLike(LoadTestRun.shape, {
    scenarioId: Id.optional(),
    targetUsers: Users,
    spawnRate: SpawnRate,
    loadTestId: LoadTestId.optional(),
    externalKey: z.string().min(1).max(300).optional(),
  }),
});
export type RegisterExternal = z.output<typeof RegisterExternal>;

export const RegisterExternalAnswer = z.object({
  runId: RunId,
  message: z.string().describe("Which run it is, for Locust's log."),
  maxSeconds: z
    .int()
    .positive()
    .optional()
    .describe("How long the load may last from its start, in seconds; absent: no limit."),
});

const stat = z.number().nullish();

/** The plain JSON snapshot that simple home-made plugins send; cumulative. Fields of older plugins are ignored. */
const snapshotWith = (count: z.ZodType<number, number>) => {
  const endpoint = describedLike(EndpointSnapshot.shape, {
    method: z.string().default(""),
    name: z.string(),
    numRequests: count,
    numFailures: count.default(0),
    avgResponseTime: stat,
    minResponseTime: stat,
    maxResponseTime: stat,
    medianResponseTime: stat,
    p95ResponseTime: stat,
    p99ResponseTime: stat,
    requestsPerSec: stat,
    avgContentLength: stat.describe(
      "The average size of the responses' bodies in bytes; null or absent if unknown.",
    ),
  });
  const error = z.object({
    ...describedLike(Endpoint.shape, { method: z.string().default(""), name: z.string() }),
    error: z.string().max(10_000).describe("The text of the error."),
    occurrences: count.describe("How many times it has occurred so far."),
  });
  return z.object(
    describedLike(MetricSnapshot.shape, {
      timestamp: TimeInput.optional(),
      totalRps: stat,
      totalRequests: count,
      totalFailures: count.default(0),
      errorRate: stat,
      avgResponseMs: stat,
      p50ResponseMs: stat,
      p95ResponseMs: stat,
      p99ResponseMs: stat,
      currentUsers: count.default(0),
      requestStats: z.record(z.string(), z.object(endpoint)).default({}),
      errors: z
        .array(error)
        .max(1000)
        .optional()
        .describe("Each error with its count so far, where the sender has them."),
    }),
  );
};

const count = z.number().int().min(0);
/** As it is stored: what an earlier version or a migration has written is read, whatever its size. */
export const SnapshotInput = snapshotWith(count);
export type SnapshotInput = z.output<typeof SnapshotInput>;

/** A whole number. Beyond 2^53 it is not exact, and unknown: it is stored as the largest that is. */
const postedCount = z
  .number()
  .min(0)
  .refine(Number.isInteger, { error: "must be a whole number" })
  .transform((value) => Math.min(value, Number.MAX_SAFE_INTEGER));

/** Response times are stored in microseconds. */
const isStorable = (ms: number | null | undefined): boolean =>
  (ms ?? 0) * 1000 <= Number.MAX_SAFE_INTEGER;

/** A snapshot that arrives now. */
const PostedSnapshot = snapshotWith(postedCount).superRefine((snapshot, context) => {
  const message = "has response times that are too large";
  if (!isStorable(snapshot.avgResponseMs)) context.addIssue({ code: "custom", message });
  for (const [key, endpoint] of Object.entries(snapshot.requestStats)) {
    const { avgResponseTime, minResponseTime, maxResponseTime } = endpoint;
    if (![avgResponseTime, minResponseTime, maxResponseTime].every(isStorable)) {
      context.addIssue({ code: "custom", message, path: ["requestStats", key] });
    }
  }
});

const OfRun = {
  runId: RunId.optional().describe(
    "The run. A plugin that knows none may leave it out: then it is the only active run on clusters without our plugin; 400 where there is none, or more than one.",
  ),
};

export const TestStart = z.object(OfRun);

export const TestStop = z.object({
  ...OfRun,
  finalMetrics: PostedSnapshot.nullish().describe("The totals at the end of the load."),
  autoStopped: z
    .boolean()
    .optional()
    .describe("True where the duration was reached; otherwise the run was stopped at Locust."),
});

export const PushMetrics = z.object({
  ...OfRun,
  metrics: PostedSnapshot.describe("The totals of the run so far."),
});
