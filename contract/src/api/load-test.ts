import { z } from "zod";
import { unavailableSettings } from "./settings.ts";
import { ScriptProblem } from "./script.ts";
import { LoadTest } from "../model/load-test.ts";
import {
  AutoStop,
  CommaList,
  Creator,
  DurationSeconds,
  Id,
  Metadata,
  Name,
  Paging,
  Scope,
  ScopeFilter,
  SpawnRate,
  StopTimeoutSeconds,
  Tags,
  TargetUrl,
  Users,
  page,
} from "../model/primitives.ts";

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
