import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { CreateLoadTest, UpdateLoadTest } from "@load-manager/contract/api/load-test.ts";
import { AUTO_STOP, type ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { type FieldErrors, schemaErrors } from "../../api/form-errors.ts";
import { typedDuration } from "../../format/times.ts";
import { numberOf, textOf, typedSeconds, UNREADABLE } from "../../format/typed.ts";
import { isSame } from "../../lib/values.ts";
import {
  type RunSettingsDraft,
  settingsDraftOf,
  settingsErrors,
  settingsOf,
} from "../run-settings/settings-draft.ts";

/** The settings of a load test as somebody types them. */
export type SettingsDraft = RunSettingsDraft & {
  readonly name: string;
  readonly description: string;
  readonly tags: string[];
  readonly targetUrl: string;
  readonly locustClusterId: string;
  readonly defaultUsers: string;
  readonly defaultSpawnRate: string;
  readonly defaultDurationSec: string;
  readonly maxDurationSec: string;
  readonly stopTimeoutSeconds: string;
  readonly autoStop: boolean;
  readonly failedPercent: string;
  readonly windowSeconds: string;
  readonly minRequests: string;
  readonly baseline: "none" | "rolling" | "run";
  readonly baselineRuns: string;
  readonly baselineRunId: string;
};

const durationOf = (seconds: number | undefined): string =>
  seconds === undefined ? "" : typedDuration(seconds);

export const draftOf = (loadTest: Partial<LoadTestAnswer>): SettingsDraft => {
  const autoStop = loadTest.autoStop ?? AUTO_STOP;
  const { baseline } = loadTest;
  return {
    name: loadTest.name ?? "",
    description: loadTest.description ?? "",
    tags: loadTest.tags ?? [],
    targetUrl: loadTest.targetUrl ?? "",
    locustClusterId: loadTest.locustClusterId ?? "",
    defaultUsers: textOf(loadTest.defaultUsers ?? 1),
    defaultSpawnRate: textOf(loadTest.defaultSpawnRate ?? 1),
    defaultDurationSec: durationOf(loadTest.defaultDurationSec),
    maxDurationSec: durationOf(loadTest.maxDurationSec),
    stopTimeoutSeconds: durationOf(loadTest.stopTimeoutSeconds ?? 10),
    autoStop: autoStop.enabled,
    failedPercent: textOf(autoStop.failedPercent),
    windowSeconds: durationOf(autoStop.windowSeconds),
    minRequests: textOf(autoStop.minRequests),
    baseline: baseline?.kind ?? "none",
    baselineRuns: textOf(baseline?.kind === "rolling" ? baseline.runs : 8),
    baselineRunId: baseline?.kind === "run" ? baseline.runId : "",
    ...settingsDraftOf(loadTest),
  };
};

const baselineOf = ({ baseline, baselineRuns, baselineRunId }: SettingsDraft) => {
  if (baseline === "none") return undefined;
  return baseline === "rolling"
    ? { kind: baseline, runs: numberOf(baselineRuns) }
    : { kind: baseline, runId: baselineRunId };
};

const bodyOf = (draft: SettingsDraft) => ({
  name: draft.name,
  description: draft.description.trim() === "" ? undefined : draft.description,
  tags: draft.tags,
  targetUrl: draft.targetUrl.trim(),
  locustClusterId: draft.locustClusterId === "" ? undefined : draft.locustClusterId,
  defaultUsers: numberOf(draft.defaultUsers),
  defaultSpawnRate: numberOf(draft.defaultSpawnRate),
  defaultDurationSec: typedSeconds(draft.defaultDurationSec),
  maxDurationSec: typedSeconds(draft.maxDurationSec),
  stopTimeoutSeconds: typedSeconds(draft.stopTimeoutSeconds),
  autoStop: {
    enabled: draft.autoStop,
    failedPercent: numberOf(draft.failedPercent),
    windowSeconds: typedSeconds(draft.windowSeconds),
    minRequests: numberOf(draft.minRequests),
  },
  baseline: baselineOf(draft),
  ...settingsOf(draft),
});
type Settings = ReturnType<typeof bodyOf>;

/** A merge patch with what differs between two drafts: null clears a field. */
export const patchOf = (before: SettingsDraft, draft: SettingsDraft): Record<string, unknown> => {
  const [from, to] = [bodyOf(before), bodyOf(draft)];
  const changed = (Object.keys(to) as (keyof Settings)[]).filter(
    (name) => !isSame(from[name], to[name]),
  );
  return Object.fromEntries(changed.map((name) => [name, to[name] ?? null]));
};

/** The fields that differ between two drafts. */
export const changedFields = (before: SettingsDraft, draft: SettingsDraft): string[] =>
  (Object.keys(draft) as (keyof SettingsDraft)[]).filter(
    (name) => !isSame(before[name], draft[name]),
  );

const DURATIONS = {
  defaultDurationSec: "defaultDurationSec",
  maxDurationSec: "maxDurationSec",
  stopTimeoutSeconds: "stopTimeoutSeconds",
  windowSeconds: "autoStop.windowSeconds",
} as const;

const withDurations = (draft: SettingsDraft, errors: FieldErrors): FieldErrors => ({
  ...errors,
  ...Object.fromEntries(
    (Object.keys(DURATIONS) as (keyof typeof DURATIONS)[])
      .filter((name) => Number.isNaN(typedSeconds(draft[name])))
      .map((name) => [DURATIONS[name], UNREADABLE]),
  ),
});

const tooLong = ({ defaultDurationSec, maxDurationSec }: Settings): FieldErrors =>
  (defaultDurationSec ?? 0) > (maxDurationSec ?? Infinity)
    ? { defaultDurationSec: "must be at most the longest duration" }
    : {};

/** What is wrong with a draft, as a change of what is stored. */
export const patchErrors = (before: SettingsDraft, draft: SettingsDraft): FieldErrors =>
  withDurations(draft, {
    ...tooLong(bodyOf(draft)),
    ...schemaErrors(UpdateLoadTest, patchOf(before, draft)),
    ...settingsErrors(draft, settingsOf(before)),
  });

/** The body of a new load test: its scope, its settings, and the text of its locustfile where there is one. */
export const creationOf = (
  scope: ScopeFilter,
  draft: SettingsDraft,
  locustfile: string,
): Record<string, unknown> => {
  const { autoStop, ...settings } = bodyOf(draft);
  const named = Object.entries({ ...scope, ...settings }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries(named),
    ...(isSame(autoStop, AUTO_STOP) ? {} : { autoStop }),
    ...(locustfile.trim() === "" ? {} : { locustfile }),
  };
};

export const creationErrors = (
  scope: ScopeFilter,
  draft: SettingsDraft,
  locustfile: string,
): FieldErrors =>
  withDurations(draft, {
    ...tooLong(bodyOf(draft)),
    ...schemaErrors(CreateLoadTest, creationOf(scope, draft, locustfile)),
    ...settingsErrors(draft, {}),
  });
