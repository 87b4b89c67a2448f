import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { AutoStop, Id, Metadata, Scope, Tags, Time } from "./primitives.ts";
import { RunSummary } from "./stats.ts";

export const RunStatus = z.enum([
  "Pending",
  "Starting",
  "Running",
  "Stopping",
  "Finished",
  "Stopped",
  "Failed",
]);
export type RunStatus = z.output<typeof RunStatus>;

export const Verdict = z.enum(["passed", "failed", "inconclusive", "none"]);

export const Health = z.enum(["ok", "degraded", "unknown"]);
export type Health = z.output<typeof Health>;

const Trigger = z.enum(["api", "external"]);

/** Why a run has its status. `code` is for programs; the rest explains. */
export const StatusReason = z.looseObject({
  code: z.string(),
  message: z.string(),
  runId: Id.optional(),
  position: z.int().optional(),
  expectedStartAt: Time.optional(),
  logTail: z.array(z.string()).optional(),
  /** The evidence: for `auto_stop_errors` requests, failures, failedPercent, windowSeconds, from, to. */
  data: z.record(z.string(), z.json()).optional(),
});
export type StatusReason = z.output<typeof StatusReason>;

/** Why the load ends; picks the final status. Set when the run enters Stopping. */
export const EndCause = z.enum([
  "duration_reached",
  "shape_ended",
  "stopped_by_user",
  "stopped_at_locust",
  "auto_stop_errors",
  "failed",
]);
export type EndCause = z.output<typeof EndCause>;

/** How the number of users changes: it rises to the target and stays there. */
export const LoadProfile = z.object({ kind: z.literal("constant") });

/**
 * Settings that a load test and a run share. Only `stopTimeoutSeconds` can be set; migrated load tests and runs keep the
 * others, so that nothing of an older database is lost.
 */
export const RunSettings = z.object({
  workers: z.int().optional(),
  userClasses: z
    .array(
      z.object({ name: z.string(), weight: z.int().optional(), fixedCount: z.int().optional() }),
    )
    .optional(),
  includeTags: z.array(z.string()).optional(),
  excludeTags: z.array(z.string()).optional(),
  scriptOptions: z.record(z.string(), z.json()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  stopTimeoutSeconds: z.int(),
});

export const Engine = z.object({
  locustVersion: z.string().optional(),
  pluginVersion: z.string().optional(),
  pythonVersion: z.string().optional(),
  workers: z.int().optional(),
});
export type Engine = z.output<typeof Engine>;

/** What a cluster can do by itself: all of it with the plugin, none of it without. */
export const Capabilities = z.object({
  /** A start may be sent again: the cluster recognises its run, and refuses a stale fence. */
  restartSafeStart: z.boolean(),
  /** The cluster ends the load at the deadline and carries a stop through without the server. */
  ownDeadline: z.boolean(),
  /** The cluster hands in final metrics for each master instance. */
  finalReport: z.boolean(),
});
export type Capabilities = z.output<typeof Capabilities>;

/** One execution of a load test, or an external one, as stored. */
export const LoadTestRun = Scope.extend({
  id: Id,
  runNumber: z.int().optional(),
  runGroupId: Id.optional(),
  loadTestId: Id.optional(),
  scenarioId: Id.optional(),
  externalKey: z.string().optional(),
  name: z.string(),
  notes: z.string().optional(),
  tags: Tags,
  keep: z.boolean(),
  locustClusterId: Id,
  slot: z.int().optional(),
  hostId: z.string().optional(),
  trigger: Trigger,
  status: RunStatus,
  statusReason: StatusReason.optional(),
  health: Health,
  /** Why the health is not ok; codes as in `docs/reasons.md`. */
  healthReason: z
    .object({ code: z.string(), message: z.string(), since: Time.optional() })
    .optional(),
  verdict: Verdict,
  fence: z.int(),
  endCause: EndCause.optional(),
  startedAt: Time.optional(),
  finishedAt: Time.optional(),
  settledAt: Time.optional(),
  /** When its deletion was decided; its metrics may be gone already. */
  deletingAt: Time.optional(),
  summary: RunSummary.optional(),
  metadata: Metadata.optional(),
  targetUrl: z.string().optional(),
  targetUsers: z.int().optional(),
  spawnRate: z.number().optional(),
  durationSeconds: z.int().optional(),
  maxDurationSec: z.int().optional(),
  autoStop: AutoStop.optional(),
  loadProfile: LoadProfile,
  scriptRevisionId: Id.optional(),
  scriptSha256: z.string().optional(),
  ...RunSettings.shape,
  engine: Engine.optional(),
  loadStartedAt: Time.optional(),
  loadEndedAt: Time.optional(),
  /** When the run entered Starting. */
  startingAt: Time.optional(),
  /**
   * The intent to start the load, stored before the start is sent. `masterInstanceId`: the master process that it is sent to.
   * `baseUrl`: the address of an attached master. `capabilities`: the cluster's at that moment.
   */
  startSent: z
    .object({
      at: Time,
      masterInstanceId: z.string().optional(),
      baseUrl: z.string().optional(),
      capabilities: Capabilities,
    })
    .optional(),
  /** When the run entered Stopping. */
  stoppingAt: Time.optional(),
  /** When the first stop was sent to Locust, stored before it is sent; absent where Locust stopped by itself. */
  stopSentAt: Time.optional(),
  /** The newest change of users while the run was Running. */
  commandedLoad: z.object({ targetUsers: z.int(), spawnRate: z.number(), at: Time }).optional(),
  phases: z
    .array(
      z.object({
        from: Time,
        to: Time.optional(),
        targetUsers: z.int().optional(),
        kind: z.enum(["ramp", "steady"]),
      }),
    )
    .optional(),
  createdAt: Time,
  createdBy: z.string(),
  /** Absent in what older versions stored. */
  createdByActor: ActorRef.optional(),
  updatedAt: Time,
  updatedBy: z.string(),
  version: z.int(),
});
export type LoadTestRun = z.output<typeof LoadTestRun>;

/** Something that happened to a run: a change of status with its reason, a lost worker, a note. */
export const RunEvent = z.object({
  at: Time,
  type: z.string(),
  message: z.string(),
  data: z.record(z.string(), z.json()).optional(),
});
export type RunEvent = z.output<typeof RunEvent>;
