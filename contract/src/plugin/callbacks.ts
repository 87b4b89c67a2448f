import { z } from "zod";
import { Id, Scope, SpawnRate, TimeInput, Users } from "../model/primitives.ts";

const Callback = z.object({ success: z.boolean(), message: z.string() });

export const CallbackAnswer = Callback;

export const RegisterExternal = z.object({
  ...Scope.shape,
  scenarioId: Id.optional(),
  targetUsers: Users,
  spawnRate: SpawnRate,
  loadTestId: Id.optional(),
  externalKey: z.string().min(1).max(300).optional(),
});
export type RegisterExternal = z.output<typeof RegisterExternal>;

export const RegisterExternalAnswer = z.object({
  runId: Id,
  message: z.string(),
  /** How long the load may last from its start, in seconds; absent: no limit. */
  maxSeconds: z.int().positive().optional(),
});

const count = z.number().int().min(0);

const stat = z.number().nullish();

/** The plain JSON snapshot that simple home-made plugins send; cumulative. Fields of older plugins are ignored. */
export const SnapshotInput = z.object({
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
  requestStats: z
    .record(
      z.string(),
      z.object({
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
      }),
    )
    .default({}),
  /** Each error with its count so far, where the sender has them. */
  errors: z
    .array(
      z.object({
        method: z.string().default(""),
        name: z.string(),
        error: z.string().max(10_000),
        occurrences: count,
      }),
    )
    .max(1000)
    .optional(),
});
export type SnapshotInput = z.output<typeof SnapshotInput>;

export const TestStart = z.object({ runId: Id });

export const TestStop = z.object({
  runId: Id,
  finalMetrics: SnapshotInput.nullish(),
  autoStopped: z.boolean().optional(),
});

export const PushMetrics = z.object({ runId: Id, metrics: SnapshotInput });
