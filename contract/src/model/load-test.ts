import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { AutoStop, Id, Metadata, Scope, Tags, Time } from "./primitives.ts";
import { LoadProfile, RunSettings, RunStatus, Verdict } from "./run.ts";

/** The summary of a finished run, kept inside its load test: the 10 newest, newest first. */
export const RecentRun = z.object({
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
  totalRequests: z.int(),
  requestsPerSec: z.number().nullable(),
  errorRate: z.number().nullable(),
  p95ResponseMs: z.number().nullable(),
});
export type RecentRun = z.output<typeof RecentRun>;

/** A load test, as stored. */
export const LoadTest = Scope.extend({
  id: Id,
  name: z.string(),
  description: z.string().optional(),
  tags: Tags,
  locustClusterId: Id.optional(),
  targetUrl: z.string(),
  scenarioId: Id.optional(),
  latestRevisionId: Id.optional(),
  defaultUsers: z.int(),
  defaultSpawnRate: z.number(),
  defaultDurationSec: z.int().optional(),
  maxDurationSec: z.int().optional(),
  autoStop: AutoStop.optional(),
  loadProfile: LoadProfile,
  ...RunSettings.shape,
  lastRunAt: Time.optional(),
  lastRunNumber: z.int(),
  recentRuns: z.array(RecentRun),
  recentRunsVersion: z.int(),
  metadata: Metadata.optional(),
  createdAt: Time,
  createdBy: z.string(),
  /** Absent in what older versions stored. */
  createdByActor: ActorRef.optional(),
  updatedAt: Time,
  updatedBy: z.string(),
  version: z.int(),
});
export type LoadTest = z.output<typeof LoadTest>;
