import { z } from "zod";
import {
  EndpointGroups,
  Environment,
  hiddenSettings,
  LoadProfileInput,
  ScriptOptions,
  TaskTags,
  UserClasses,
} from "./settings.ts";
import { Criteria } from "./criteria.ts";
import { ScriptWarnings } from "./script.ts";
import { Baseline } from "../model/baseline.ts";
import { LoadTest } from "../model/load-test.ts";
import { DEFAULT_STOP_TIMEOUT_SECONDS } from "../model/stop-timeout.ts";
import { ScriptRevision } from "../model/script.ts";
import {
  AutoStop,
  Creator,
  describedLike,
  DurationSeconds,
  Id,
  Metadata,
  Name,
  Paging,
  RunId,
  Scope,
  ScopeFilter,
  SearchText,
  SpawnRate,
  StopTimeoutSeconds,
  SORT,
  TagList,
  Tags,
  TargetUrl,
  Users,
  wholeNumber,
  Workers,
  page,
} from "../model/primitives.ts";

export const LoadTestAnswer = LoadTest.omit({ recentRunsVersion: true }).extend({
  ...hiddenSettings,
  latestRevision: ScriptRevision.pick({ id: true, revisionNumber: true })
    .optional()
    .describe("The newest script revision; absent without a script."),
  warnings: ScriptWarnings.optional(),
});
export type LoadTestAnswer = z.output<typeof LoadTestAnswer>;

/** A choice of a load test. */
const BaselineInput = z.discriminatedUnion("kind", [
  z.strictObject({
    ...Baseline.options[0].shape,
    runId: RunId.describe(
      "The id of a run of this load test that has ended. It gets keep, so that nobody deletes it.",
    ),
  }),
  z.strictObject(
    describedLike(Baseline.options[1].shape, {
      ...Baseline.options[1].shape,
      runs: wholeNumber(1, 20).default(8),
    }),
  ),
]);

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
  loadProfile: LoadProfileInput,
  criteria: Criteria,
  baseline: BaselineInput,
  environment: Environment,
  workers: Workers,
  userClasses: UserClasses,
  includeTags: TaskTags,
  excludeTags: TaskTags,
  endpointGroups: EndpointGroups,
  scriptOptions: ScriptOptions,
  metadata: Metadata,
};

export const CreateLoadTest = z.strictObject(
  describedLike(LoadTest.shape, {
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
    stopTimeoutSeconds: editable.stopTimeoutSeconds.default(DEFAULT_STOP_TIMEOUT_SECONDS),
    autoStop: editable.autoStop.optional(),
    loadProfile: editable.loadProfile.default({ kind: "constant" }),
    criteria: editable.criteria.optional(),
    baseline: editable.baseline.optional(),
    environment: editable.environment.optional(),
    workers: editable.workers.optional(),
    userClasses: editable.userClasses.optional(),
    includeTags: editable.includeTags.optional(),
    excludeTags: editable.excludeTags.optional(),
    endpointGroups: editable.endpointGroups.optional(),
    scriptOptions: editable.scriptOptions.optional(),
    metadata: editable.metadata.optional(),
    locustfile: z
      .string()
      .max(1_000_000)
      .describe("The text of the locustfile, in Python; saved as script revision 1.")
      .optional(),
    createdBy: Creator.optional(),
  }),
);
export type CreateLoadTest = z.output<typeof CreateLoadTest>;

/** A merge patch: fields left out keep their value, `null` clears an optional field. */
export const UpdateLoadTest = z.strictObject(
  describedLike(LoadTest.shape, {
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
    loadProfile: editable.loadProfile.optional(),
    criteria: editable.criteria.nullish(),
    baseline: editable.baseline.nullish(),
    environment: editable.environment.nullish(),
    workers: editable.workers.nullish(),
    userClasses: editable.userClasses.nullish(),
    includeTags: editable.includeTags.nullish(),
    excludeTags: editable.excludeTags.nullish(),
    endpointGroups: editable.endpointGroups.nullish(),
    scriptOptions: editable.scriptOptions.nullish(),
    metadata: editable.metadata.nullish(),
    updatedBy: Creator.optional(),
  }),
);
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
  sort: LoadTestSort.default("-createdAt").describe(SORT),
  tags: TagList.optional(),
  q: SearchText.optional(),
});
export type LoadTestQuery = z.output<typeof LoadTestQuery>;

export const LoadTestPage = page(LoadTestAnswer);
