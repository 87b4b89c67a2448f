import { z } from "zod";
import {
  AutoStop,
  CommaList,
  Creator,
  DurationSeconds,
  Id,
  Metadata,
  Name,
  Paging,
  page,
  Scope,
  ScopeFilter,
  SpawnRate,
  StopTimeoutSeconds,
  Tags,
  TargetUrl,
  Time,
  Users,
} from "./primitives.ts";
import { LoadProfile, RunSettings, RunStatus, Verdict } from "./run.ts";
import { unavailableSettings } from "./settings.ts";

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
  updatedAt: Time,
  updatedBy: z.string(),
  version: z.int(),
});
export type LoadTest = z.output<typeof LoadTest>;

export const ScriptProblem = z.object({
  file: z.string(),
  line: z.int().optional(),
  message: z.string(),
});
export type ScriptProblem = z.output<typeof ScriptProblem>;

export const LoadTestAnswer = LoadTest.omit({ recentRunsVersion: true }).extend({
  latestRevision: z.object({ id: Id, revisionNumber: z.int() }).optional(),
  warnings: z.array(ScriptProblem).optional(),
});

const editable = {
  name: Name,
  description: z.string().max(10_000),
  tags: Tags,
  locustClusterId: Id,
  targetUrl: TargetUrl,
  scenarioId: Id,
  defaultUsers: Users,
  defaultSpawnRate: SpawnRate,
  defaultDurationSec: DurationSeconds,
  maxDurationSec: DurationSeconds,
  stopTimeoutSeconds: StopTimeoutSeconds,
  autoStop: AutoStop,
  metadata: Metadata,
};

export const CreateLoadTest = z.strictObject({
  ...Scope.shape,
  name: editable.name,
  targetUrl: editable.targetUrl,
  description: editable.description.optional(),
  tags: editable.tags.default([]),
  locustClusterId: editable.locustClusterId.optional(),
  scenarioId: editable.scenarioId.optional(),
  defaultUsers: editable.defaultUsers.default(1),
  defaultSpawnRate: editable.defaultSpawnRate.default(1),
  defaultDurationSec: editable.defaultDurationSec.optional(),
  maxDurationSec: editable.maxDurationSec.optional(),
  stopTimeoutSeconds: editable.stopTimeoutSeconds.default(10),
  autoStop: editable.autoStop.optional(),
  metadata: editable.metadata.optional(),
  locustfile: z.string().max(1_000_000).optional(),
  createdBy: Creator.optional(),
  ...unavailableSettings,
});
export type CreateLoadTest = z.output<typeof CreateLoadTest>;

/** A merge patch: fields left out keep their value, `null` clears an optional field. */
export const UpdateLoadTest = z.strictObject({
  name: editable.name.optional(),
  targetUrl: editable.targetUrl.optional(),
  description: editable.description.nullish(),
  tags: editable.tags.optional(),
  locustClusterId: editable.locustClusterId.nullish(),
  scenarioId: editable.scenarioId.nullish(),
  defaultUsers: editable.defaultUsers.optional(),
  defaultSpawnRate: editable.defaultSpawnRate.optional(),
  defaultDurationSec: editable.defaultDurationSec.nullish(),
  maxDurationSec: editable.maxDurationSec.nullish(),
  stopTimeoutSeconds: editable.stopTimeoutSeconds.optional(),
  autoStop: editable.autoStop.nullish(),
  metadata: editable.metadata.nullish(),
  updatedBy: Creator.optional(),
  ...unavailableSettings,
});
export type UpdateLoadTest = z.output<typeof UpdateLoadTest>;

const LoadTestSort = z.enum([
  "name",
  "-name",
  "createdAt",
  "-createdAt",
  "lastRunAt",
  "-lastRunAt",
]);
export const LoadTestQuery = z.strictObject({
  ...Paging.shape,
  ...ScopeFilter.shape,
  sort: LoadTestSort.default("-createdAt"),
  tags: CommaList.optional(),
  q: z.string().max(200).optional(),
});
export type LoadTestQuery = z.output<typeof LoadTestQuery>;

export const LoadTestPage = page(LoadTestAnswer);
