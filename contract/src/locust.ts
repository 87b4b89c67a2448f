import { z } from "zod";
import { Id, Scope, SpawnRate, TimeInput, Users } from "./primitives.ts";

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

/** The version of `locust-plugin/PROTOCOL.md` that the server and the plugin of its version have. */
export const PLUGIN_PROTOCOL = 2;

/** Why the load ended, as the plugin reports it. */
export const StopCause = z.enum([
  "deadline",
  "manager",
  "locust_ui",
  "shape_ended",
  "no_workers",
  "autostop",
]);
export type StopCause = z.output<typeof StopCause>;

/** A command in the answer to metrics, so that a stop works where the server cannot reach the master. */
export const PluginCommand = z.object({
  type: z.enum(["stop", "setUsers"]),
  runId: Id,
  fence: z.int(),
  users: z.int().optional(),
  spawnRate: z.number().optional(),
  /** Rises with every change of the users, so that the newest command wins. */
  commandNumber: z.int().optional(),
});
export const SamplesAnswer = z.object({
  acknowledgedSeq: z.int(),
  unknownEndpoints: z.array(z.string()),
  commands: z.array(PluginCommand),
});
