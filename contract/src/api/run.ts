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
import {
  AutoStop,
  CommaList,
  Creator,
  describedLike,
  DurationSeconds,
  Id,
  LoadTestId,
  Metadata,
  Name,
  NextCursor,
  NoteText,
  Paging,
  RunId,
  ScopeFilter,
  SearchText,
  SORT,
  SpawnRate,
  StopTimeoutSeconds,
  TagList,
  Tags,
  TargetUrl,
  TimeInput,
  TimeQuery,
  Users,
  Workers,
  page,
} from "../model/primitives.ts";
import { Verdict } from "../model/criterion.ts";
import { LoadTestRun, RunEvent, RunStatus } from "../model/run.ts";
import { MetricSnapshot } from "../model/stats.ts";

export const RunAnswer = LoadTestRun.omit({
  externalKey: true,
  criterionVerdicts: true,
  startSent: true,
  stopSentAt: true,
  loadEndSeenAt: true,
  deletingAt: true,
}).extend({
  ...hiddenSettings,
  lastMetrics: MetricSnapshot.optional().describe(
    "The newest totals of the run; absent without metrics.",
  ),
});
export type RunAnswer = z.output<typeof RunAnswer>;

export const CreateRun = z
  .strictObject(
    describedLike(LoadTestRun.shape, {
      name: Name.optional(),
      notes: z.string().max(10_000).optional(),
      tags: Tags.default([]),
      targetUsers: Users.optional(),
      spawnRate: SpawnRate.optional(),
      durationSeconds: DurationSeconds.optional(),
      targetUrl: TargetUrl.optional(),
      scriptRevisionId: Id.optional(),
      stopTimeoutSeconds: StopTimeoutSeconds.optional(),
      loadProfile: LoadProfileInput.optional(),
      workers: Workers.optional(),
      userClasses: UserClasses.optional(),
      includeTags: TaskTags.optional(),
      excludeTags: TaskTags.optional(),
      endpointGroups: EndpointGroups.optional(),
      runGroupId: Id.optional(),
      metadata: Metadata.optional(),
      autoStop: AutoStop.optional(),
      criteria: Criteria.optional(),
      createdBy: Creator.optional(),
    }),
  )
  .extend({
    environment: Environment.optional().describe(
      "Environment variables of the Locust processes of this run, on a local cluster: added to the load test's, or in the place of one of the same name. *** stands for the load test's value.",
    ),
    scriptOptions: ScriptOptions.optional().describe(
      "Values of the options that the script adds to Locust's own, by their names in parsed_options: added to the load test's, or in the place of one of the same name. *** stands for the load test's value.",
    ),
  });
export type CreateRun = z.output<typeof CreateRun>;

export const UpdateRun = z.strictObject(
  describedLike(LoadTestRun.shape, {
    name: Name.optional(),
    notes: z.string().max(10_000).nullish(),
    tags: Tags.optional(),
    keep: z.boolean().optional(),
    updatedBy: Creator.optional(),
  }),
);
export type UpdateRun = z.output<typeof UpdateRun>;

export const StartDemo = CreateRun.pick({
  targetUsers: true,
  spawnRate: true,
  durationSeconds: true,
});
export type StartDemo = z.output<typeof StartDemo>;

export const StopRun = z.strictObject({
  reason: z
    .string()
    .max(500)
    .describe("Why the run is stopped, for people; becomes part of its reason.")
    .optional(),
});

export const ChangeLoad = z.strictObject({
  targetUsers: Users.describe("The number of users to reach from now on."),
  spawnRate: SpawnRate.describe(
    "How fast users are started or stopped, in users per second; absent: as before.",
  ).optional(),
});
export type ChangeLoad = z.output<typeof ChangeLoad>;

const RunSort = z.enum([
  "createdAt",
  "-createdAt",
  "startedAt",
  "-startedAt",
  "finishedAt",
  "-finishedAt",
]);

const StatusList = CommaList.pipe(z.array(RunStatus)).meta({
  description: "Statuses, separated by commas: only runs with one of them.",
  pattern: `^(?:(?:${RunStatus.options.join("|")})(?:,(?:${RunStatus.options.join("|")}))*)?$`,
});

const VerdictList = CommaList.pipe(z.array(Verdict)).meta({
  description: "Verdicts, separated by commas: only runs with one of them.",
  pattern: `^(?:(?:${Verdict.options.join("|")})(?:,(?:${Verdict.options.join("|")}))*)?$`,
});

export const RunQuery = z.strictObject({
  ...Paging.shape,
  ...ScopeFilter.shape,
  sort: RunSort.default("-createdAt").describe(SORT),
  loadTestId: LoadTestId.optional(),
  status: StatusList.optional(),
  verdict: VerdictList.optional(),
  tags: TagList.optional(),
  q: SearchText.optional(),
  from: TimeQuery.describe("Only runs created at or after this time.").optional(),
  to: TimeQuery.describe("Only runs created before this time.").optional(),
});
export type RunQuery = z.output<typeof RunQuery>;

export const RunPage = page(RunAnswer);

export const AddEvent = z.strictObject({
  at: TimeInput.describe("The time of the note: ISO 8601 or Unix ms; absent: now.").optional(),
  message: NoteText.describe("The text of the note."),
});

export const RunEvents = z.object({
  runId: RunId,
  items: z.array(RunEvent).describe("The events of the run, oldest first."),
  truncated: z.boolean().describe("Whether events were left out for good; always false."),
  nextCursor: NextCursor.optional(),
});
