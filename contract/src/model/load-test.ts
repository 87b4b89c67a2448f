import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { AutoStop, describedLike, Id, Metadata, Scope, Tags, Time } from "./primitives.ts";
import { Baseline } from "./baseline.ts";
import { Criterion, Verdict } from "./criterion.ts";
import { LoadProfile } from "./load-profile.ts";
import { LoadTestRun, RunSettings, RunStatus } from "./run.ts";
import { Stats } from "./stats.ts";

/** The summary of a finished run, kept inside its load test: the 10 newest, newest first. */
export const RecentRun = z.object(
  describedLike(LoadTestRun.shape, {
    id: Id,
    runNumber: z.int(),
    name: z.string().optional(),
    status: RunStatus,
    verdict: Verdict,
    targetUsers: z.int().optional(),
    spawnRate: z.number().optional(),
    durationSeconds: z.int().optional(),
    startedAt: Time.optional(),
    finishedAt: Time,
    createdAt: Time,
    createdBy: z.string(),
    ...Stats.pick({
      totalRequests: true,
      requestsPerSec: true,
      errorRate: true,
      p95ResponseMs: true,
    }).shape,
  }),
);
export type RecentRun = z.output<typeof RecentRun>;

/** A load test, as stored. */
export const LoadTest = Scope.extend({
  id: Id.describe("The id of the load test."),
  name: z.string().describe("The name of the load test, for people."),
  description: z.string().optional().describe("What the load test is for."),
  tags: Tags.describe("Words to find the load test by."),
  locustClusterId: Id.optional().describe(
    "The id of the cluster that its runs use; absent: the cluster that serves its scope.",
  ),
  targetUrl: z
    .string()
    .describe(
      "The address of the system under test, which is Locust's host: http or https, without credentials.",
    ),
  scenarioId: Id.optional().describe("The id of the scenario in the caller's own system."),
  latestRevisionId: Id.optional().describe(
    "The id of the newest script revision; absent without a script.",
  ),
  defaultUsers: z.int().describe("The number of users of a run that names none."),
  defaultSpawnRate: z
    .number()
    .describe("The spawn rate of a run that names none, in users per second."),
  defaultDurationSec: z
    .int()
    .optional()
    .describe(
      "The duration of a run that names none, in seconds; absent: until it is stopped, or maxDurationSec.",
    ),
  maxDurationSec: z
    .int()
    .optional()
    .describe("The longest duration that a run may have, in seconds; absent: the server's limit."),
  autoStop: AutoStop.optional().describe(
    "When a run is stopped because of its failures; absent: the defaults.",
  ),
  criteria: z
    .array(Criterion)
    .optional()
    .describe(
      "What must hold for a run that brings no criteria of its own; absent without criteria.",
    ),
  baseline: Baseline.optional().describe(
    "What a run is compared with by criteria whose limit is a multiple of the baseline; absent: nothing, so that they are inconclusive.",
  ),
  loadProfile: LoadProfile,
  ...RunSettings.shape,
  lastRunAt: Time.optional().describe("When the newest run was created."),
  lastRunNumber: z.int().describe("The number of the newest run; 0 without one."),
  recentRuns: z.array(RecentRun).describe("The 10 newest ended runs, newest first."),
  recentRunsVersion: z.int(),
  metadata: Metadata.optional().describe("Any JSON values that the caller wants kept."),
  createdAt: Time.describe("When the load test was created."),
  createdBy: z
    .string()
    .describe("Who created the load test: the caller's name, or the label of the request."),
  createdByActor: ActorRef.optional().describe(
    "Who really created it; only the server sets it. Absent in what older versions stored.",
  ),
  updatedAt: Time.describe("When the load test was last changed."),
  updatedBy: z
    .string()
    .describe("Who last changed the load test: the caller's name, or the label of the request."),
  version: z.int().describe("Rises with every change; the ETag of the answer."),
});
export type LoadTest = z.output<typeof LoadTest>;
