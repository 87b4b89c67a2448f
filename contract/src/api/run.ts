import { z } from "zod";
import { unavailableSettings } from "./settings.ts";
import {
  AutoStop,
  CommaList,
  Creator,
  DurationSeconds,
  Id,
  Metadata,
  Name,
  Paging,
  ScopeFilter,
  SpawnRate,
  StopTimeoutSeconds,
  Tags,
  TargetUrl,
  TimeInput,
  TimeQuery,
  Users,
  page,
} from "../model/primitives.ts";
import { LoadTestRun, RunEvent, RunStatus } from "../model/run.ts";
import { MetricSnapshot } from "../model/stats.ts";

export const RunAnswer = LoadTestRun.omit({
  externalKey: true,
  startSent: true,
  stopSentAt: true,
  deletingAt: true,
}).extend({
  lastMetrics: MetricSnapshot.optional(),
});

export const CreateRun = z.strictObject({
  name: Name.optional(),
  notes: z.string().max(10_000).optional(),
  tags: Tags.default([]),
  targetUsers: Users.optional(),
  spawnRate: SpawnRate.optional(),
  durationSeconds: DurationSeconds.optional(),
  targetUrl: TargetUrl.optional(),
  scriptRevisionId: Id.optional(),
  stopTimeoutSeconds: StopTimeoutSeconds.optional(),
  runGroupId: Id.optional(),
  metadata: Metadata.optional(),
  autoStop: AutoStop.optional(),
  createdBy: Creator.optional(),
  ...unavailableSettings,
});
export type CreateRun = z.output<typeof CreateRun>;

export const UpdateRun = z.strictObject({
  name: Name.optional(),
  notes: z.string().max(10_000).nullish(),
  tags: Tags.optional(),
  keep: z.boolean().optional(),
  updatedBy: Creator.optional(),
});
export type UpdateRun = z.output<typeof UpdateRun>;

export const StopRun = z.strictObject({ reason: z.string().max(500).optional() });

export const ChangeLoad = z.strictObject({ targetUsers: Users, spawnRate: SpawnRate.optional() });
export type ChangeLoad = z.output<typeof ChangeLoad>;

const RunSort = z.enum([
  "createdAt",
  "-createdAt",
  "startedAt",
  "-startedAt",
  "finishedAt",
  "-finishedAt",
]);

export const RunQuery = z.strictObject({
  ...Paging.shape,
  ...ScopeFilter.shape,
  sort: RunSort.default("-createdAt"),
  loadTestId: Id.optional(),
  status: CommaList.pipe(z.array(RunStatus)).optional(),
  tags: CommaList.optional(),
  q: z.string().max(200).optional(),
  from: TimeQuery.optional(),
  to: TimeQuery.optional(),
});
export type RunQuery = z.output<typeof RunQuery>;

export const RunPage = page(RunAnswer);

export const AddEvent = z.strictObject({
  at: TimeInput.optional(),
  message: z.string().trim().min(1).max(1000),
});

export const RunEvents = z.object({
  runId: Id,
  items: z.array(RunEvent),
  truncated: z.boolean(),
  nextCursor: z.string().optional(),
});
