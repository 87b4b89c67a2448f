import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { Baseline } from "./baseline.ts";
import { Criterion, CriterionVerdict, Verdict } from "./criterion.ts";
import { LoadProfile } from "./load-profile.ts";
import {
  AutoStop,
  Id,
  JsonObject,
  LoadTestId,
  Metadata,
  RunId,
  Scope,
  Tags,
  Time,
} from "./primitives.ts";
import { RUN_STATUSES } from "./run-status.ts";
import { RunSummary } from "./stats.ts";

export const RunStatus = z.enum(RUN_STATUSES);
export type RunStatus = z.output<typeof RunStatus>;

export const Health = z.enum(["ok", "degraded", "unknown"]);
export type Health = z.output<typeof Health>;

const Trigger = z.enum(["api", "external"]);

/** Why a run has its status. `code` is for programs; the rest explains. */
export const StatusReason = z.looseObject({
  code: z.string().describe("The reason as a stable word; docs/reasons.md lists them."),
  message: z.string().describe("The reason as a sentence."),
  runId: RunId.optional().describe("The id of the run that has the cluster."),
  position: z.int().optional().describe("The place in the cluster's queue; 1 is next."),
  expectedStartAt: Time.optional().describe(
    "When the run will start, if the runs before it last as long as intended.",
  ),
  expiresAt: Time.optional().describe("When the run is given up, if it still waits then."),
  logTail: z
    .array(z.string())
    .optional()
    .describe("The last lines of the log of the Locust process that ended."),
  data: JsonObject.optional().describe(
    "The evidence: for auto_stop_errors requests, failures, failedPercent, windowSeconds, from and to; for criterion_failed id, expression, observed, limit, from and to.",
  ),
});
export type StatusReason = z.output<typeof StatusReason>;

/** Why the load ends; picks the final status of a run that has requests. Set when the run enters Stopping. */
export const EndCause = z.enum([
  "duration_reached",
  "shape_ended",
  "users_finished",
  "stopped_by_user",
  "stopped_at_locust",
  "stopped_by_script",
  "auto_stop_errors",
  "criterion_failed",
  "failed",
]);
export type EndCause = z.output<typeof EndCause>;

/**
 * Settings that a load test and a run share. Those marked as migrated cannot be set: migrated load tests and runs keep them
 * in the store, so that nothing of an older database is lost; answers leave them out.
 */
export const RunSettings = z.object({
  workers: z
    .int()
    .optional()
    .describe(
      "The number of Locust workers, on a local cluster: at most as many as that allows (maxWorkers of its configuration).",
    ),
  userClasses: z
    .array(
      z.object({
        name: z.string().describe("The name of the User class in the script."),
        weight: z
          .int()
          .optional()
          .describe(
            "Its share of the users, relative to the other classes; without weight and fixedCount as in the script.",
          ),
        fixedCount: z.int().optional().describe("The number of its users, whatever the target."),
      }),
    )
    .optional()
    .describe(
      "The User classes that run, with the plugin; absent: those that Locust starts by itself.",
    ),
  includeTags: z
    .array(z.string())
    .optional()
    .describe("Only tasks with one of these tags run, with the plugin."),
  excludeTags: z
    .array(z.string())
    .optional()
    .describe("Tasks with one of these tags do not run, with the plugin."),
  endpointGroups: z
    .array(
      z.object({
        pattern: z
          .string()
          .describe(
            "What the whole name of a request is compared with: * is at least one character, but no /; ** at the end is whatever follows; \\* is a star.",
          ),
        name: z
          .string()
          .optional()
          .describe("The name of the endpoint that counts such requests; absent: the pattern."),
        method: z
          .string()
          .optional()
          .describe(
            "Only requests with this method, in capitals or not; absent: each method has its own endpoint.",
          ),
      }),
    )
    .optional()
    .describe(
      "Which requests are counted as one endpoint, with the plugin; of several rules the first that matches.",
    ),
  scriptOptions: JsonObject.optional().describe(
    "Values of the options that the script adds to Locust's own command line, by their names in parsed_options, with the plugin. Secret ones are hidden, as ***, and those of which that is not known; *** keeps the stored value.",
  ),
  environment: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Environment variables of the Locust processes that Load Manager starts (local clusters): at most 100, which must not be LOCUST_*, LOAD_MANAGER_*, PATH, PYTHON*, LD_*, HOME or TMPDIR. *** keeps the stored value.",
    ),
  stopTimeoutSeconds: z
    .int()
    .describe("How long users may finish their requests when the load ends, in seconds."),
});

export const Engine = z
  .object({
    locustVersion: z.string().optional().describe("The version of Locust."),
    pluginVersion: z.string().optional().describe("The version of the plugin; absent without it."),
    pythonVersion: z.string().optional().describe("The version of Python."),
    workers: z.int().optional().describe("The number of connected workers."),
  })
  .describe("The Locust that makes the load.");
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
  id: RunId,
  runNumber: z.int().optional().describe("Counts 1, 2, 3 … within the load test."),
  runGroupId: Id.optional().describe("An id that the caller gives to runs that belong together."),
  loadTestId: LoadTestId.optional(),
  scenarioId: Id.optional().describe("The id of the scenario in the caller's own system."),
  externalKey: z
    .string()
    .optional()
    .describe("Names one start at Locust; the same key gives the same run."),
  name: z
    .string()
    .describe(
      "The name of the run, for people; by default the load test's name and the run's number.",
    ),
  notes: z.string().optional().describe("Remarks on the run, for people."),
  tags: Tags.describe("Words to find the run by."),
  keep: z.boolean().describe("Whether the run is protected against deletion."),
  locustClusterId: Id.describe("The id of the cluster that the run uses."),
  slot: z
    .int()
    .optional()
    .describe("The slot of the cluster that the run holds; absent while it waits."),
  hostId: z.string().optional().describe("The id of the machine on which a local run was started."),
  trigger: Trigger.describe("Who started the run: api, a caller; external, somebody at Locust."),
  status: RunStatus.describe("The status of the run; Finished, Stopped and Failed are final."),
  statusReason: StatusReason.optional().describe("Why the run has its status."),
  health: Health.describe(
    "Whether the run is as it should be: ok, degraded, or unknown where that cannot be seen.",
  ),
  healthReason: z
    .object({
      code: z.string().describe("The reason as a stable word; docs/reasons.md lists them."),
      message: z.string().describe("The reason as a sentence."),
      since: Time.optional().describe("Since when the health is not ok."),
    })
    .optional()
    .describe("Why the health is not ok; absent while it is."),
  verdict: Verdict.describe(
    "Whether the run passed its criteria; none without criteria, and until the run is settled.",
  ),
  criteria: z
    .array(Criterion)
    .optional()
    .describe("What must hold for the run to pass; absent without criteria."),
  baseline: Baseline.optional().describe(
    "What the load test's runs were compared with when the run was created; absent: nothing.",
  ),
  /** The verdict of each criterion, frozen when the run is settled. */
  criterionVerdicts: z.array(CriterionVerdict).optional(),
  fence: z
    .int()
    .describe("The number of the lease with which a server manages the run; it only rises."),
  endCause: EndCause.optional().describe("Why the load ends; set when the run enters Stopping."),
  startedAt: Time.optional().describe("When the run entered Running: requests complete."),
  finishedAt: Time.optional().describe("When the run entered its final status."),
  settledAt: Time.optional().describe("When the processes had ended and the summary was computed."),
  deletingAt: Time.optional().describe(
    "When its deletion was decided; its metrics may be gone already.",
  ),
  summary: RunSummary.optional().describe(
    "The stats of the whole run; absent until it is settled.",
  ),
  metadata: Metadata.optional().describe("Any JSON values that the caller wants kept."),
  targetUrl: z
    .string()
    .optional()
    .describe(
      "The address of the system under test, which is Locust's host: http or https, without credentials.",
    ),
  targetUsers: z
    .int()
    .optional()
    .describe("The number of users to reach; only with the load profile constant."),
  spawnRate: z
    .number()
    .optional()
    .describe(
      "How fast users are started, in users per second; only with the load profile constant.",
    ),
  durationSeconds: z
    .int()
    .optional()
    .describe(
      "How long the load lasts, in seconds from its start; absent: until it is stopped, or maxDurationSec. With the load profile stages the sum of theirs.",
    ),
  maxDurationSec: z
    .int()
    .optional()
    .describe("The load is stopped after this many seconds in any case."),
  autoStop: AutoStop.optional().describe("When the run is stopped because of its failures."),
  loadProfile: LoadProfile,
  scriptRevisionId: Id.optional().describe(
    "The id of the script revision that runs; absent: the cluster's own script.",
  ),
  scriptRevisionNumber: z
    .int()
    .min(1)
    .optional()
    .describe(
      "The number of the script revision within the load test; absent also for runs of before this was recorded.",
    ),
  scriptSha256: z
    .string()
    .optional()
    .describe("The SHA-256 of the script revision, in hexadecimal."),
  ...RunSettings.shape,
  stopTimeoutSeconds: RunSettings.shape.stopTimeoutSeconds
    .optional()
    .describe(
      "How long users may finish their requests when the load ends, in seconds. Absent: nobody has set it, and Locust's own applies (an attached Locust without the plugin), or it has not been started yet.",
    ),
  engine: Engine.optional(),
  loadStartedAt: Time.optional().describe("When the first user was spawned."),
  loadEndedAt: Time.optional().describe("When the stop of the load was issued."),
  startingAt: Time.optional().describe("When the run entered Starting."),
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
  stoppingAt: Time.optional().describe("When the run entered Stopping."),
  /** When the first stop was sent to Locust, stored before it is sent; absent where Locust stopped by itself. */
  stopSentAt: Time.optional(),
  /** When a lost master without the plugin was last seen, where it showed then that its load had ended, or was ending. */
  loadEndSeenAt: Time.optional(),
  commandedLoad: z
    .object({
      targetUsers: z.int().describe("The number of users that was commanded."),
      spawnRate: z.number().describe("The spawn rate that was commanded, in users per second."),
      at: Time.describe("When the change was commanded."),
    })
    .optional()
    .describe("The newest change of the users while the run was Running."),
  phases: z
    .array(
      z.object({
        from: Time.describe("When the phase began."),
        to: Time.optional().describe("When the phase ended; absent while it lasts."),
        targetUsers: z.int().optional().describe("The number of users to reach in the phase."),
        kind: z
          .enum(["ramp", "steady", "shape"])
          .describe(
            "ramp while users are started or stopped, steady otherwise; shape: the script's LoadTestShape decides.",
          ),
      }),
    )
    .optional()
    .describe("The parts of the load by how the number of users changed."),
  createdAt: Time.describe("When the run was created."),
  createdBy: z
    .string()
    .describe("Who created the run: the caller's name, or the label of the request."),
  createdByActor: ActorRef.optional().describe(
    "Who really created it; only the server sets it. Absent in what older versions stored.",
  ),
  updatedAt: Time.describe("When the run was last changed."),
  updatedBy: z
    .string()
    .describe("Who last changed the run: the caller's name, or the label of the request."),
  version: z.int().describe("Rises with every change; the ETag of the answer."),
});
export type LoadTestRun = z.output<typeof LoadTestRun>;

/** Something that happened to a run: a change of status with its reason, a lost worker, a note. */
export const RunEvent = z.object({
  at: Time.describe("When it happened."),
  type: z.string().describe("The kind of event as a stable word; docs/reasons.md lists them."),
  message: z.string().describe("What happened, as a sentence."),
  data: JsonObject.optional().describe("Details for programs; which ones depends on the type."),
});
export type RunEvent = z.output<typeof RunEvent>;
