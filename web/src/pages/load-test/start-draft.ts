import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { CreateRun, type RunAnswer } from "@load-manager/contract/api/run.ts";
import { type FieldErrors, schemaErrors } from "../../api/form-errors.ts";
import { typedDuration } from "../../format/times.ts";
import { numberOf, textOf, typedSeconds, UNREADABLE } from "../../format/typed.ts";
import { definedOnly, isSame } from "../../lib/values.ts";
import {
  nextSettingsOf,
  type RunSettingsDraft,
  runSettingsOf,
  settingsDraftOf,
  settingsErrors,
} from "../run-settings/settings-draft.ts";

/** What a run is started with, as somebody types it. */
export type StartDraft = RunSettingsDraft & {
  readonly name: string;
  readonly notes: string;
  readonly targetUsers: string;
  readonly spawnRate: string;
  /** Of constant load; with the script's shape a limit. */
  readonly duration: string;
  readonly targetUrl: string;
  readonly stopTimeoutSeconds: string;
};

/** A name that the server made of the load test's name and the run's number says nothing about the next run. */
const ownName = (run: RunAnswer): string =>
  run.name.endsWith(` #${run.runNumber}`) ? "" : run.name;

const durationOf = (loadTest: LoadTestAnswer, last: RunAnswer | undefined): number | undefined =>
  // The duration of stages is theirs, and none of the next constant run.
  last === undefined || last.loadProfile.kind === "stages"
    ? loadTest.defaultDurationSec
    : last.durationSeconds;

/** As the last run was started; without one, as the load test says. */
export const startDraftOf = (loadTest: LoadTestAnswer, last: RunAnswer | undefined): StartDraft => {
  const seconds = durationOf(loadTest, last);
  return {
    name: last === undefined ? "" : ownName(last),
    notes: last?.notes ?? "",
    targetUsers: textOf(last?.targetUsers ?? loadTest.defaultUsers),
    spawnRate: textOf(last?.spawnRate ?? loadTest.defaultSpawnRate),
    duration: seconds === undefined ? "" : typedDuration(seconds),
    targetUrl: last?.targetUrl ?? loadTest.targetUrl,
    stopTimeoutSeconds: typedDuration(last?.stopTimeoutSeconds ?? loadTest.stopTimeoutSeconds),
    ...settingsDraftOf(nextSettingsOf(loadTest, last)),
  };
};

/** What was as the load test said follows a change of it; what was chosen otherwise stays. */
export const followed = (
  draft: StartDraft,
  before: LoadTestAnswer,
  now: LoadTestAnswer,
): Partial<StartDraft> => {
  const [from, to] = [startDraftOf(before, undefined), startDraftOf(now, undefined)];
  const names = (Object.keys(to) as (keyof StartDraft)[]).filter(
    (name) => isSame(draft[name], from[name]) && !isSame(from[name], to[name]),
  );
  return Object.fromEntries(names.map((name) => [name, to[name]]));
};

/** What the load profile leaves to the request. */
const loadOf = ({ profile, targetUsers, spawnRate, duration }: StartDraft) => {
  const durationSeconds = typedSeconds(duration);
  switch (profile) {
    case "constant":
      return {
        targetUsers: numberOf(targetUsers),
        spawnRate: numberOf(spawnRate),
        durationSeconds,
      };
    case "script":
      return { durationSeconds };
    case "stages":
      return {};
  }
};

/** What is left empty is left out, and becomes what the load test says. */
export const startBodyOf = (
  draft: StartDraft,
  loadTest: LoadTestAnswer,
): Record<string, unknown> => {
  const stopTimeoutSeconds = typedSeconds(draft.stopTimeoutSeconds);
  return definedOnly({
    name: draft.name.trim() || undefined,
    notes: draft.notes.trim() === "" ? undefined : draft.notes,
    ...loadOf(draft),
    targetUrl: draft.targetUrl.trim() || undefined,
    stopTimeoutSeconds:
      stopTimeoutSeconds === loadTest.stopTimeoutSeconds ? undefined : stopTimeoutSeconds,
    ...runSettingsOf(draft, loadTest),
  });
};

export const startErrors = (draft: StartDraft, loadTest: LoadTestAnswer): FieldErrors => {
  const { maxDurationSec = Infinity } = loadTest;
  const seconds = draft.profile === "stages" ? undefined : typedSeconds(draft.duration);
  return {
    ...((seconds ?? 0) > maxDurationSec
      ? {
          durationSeconds: `must be at most ${typedDuration(maxDurationSec)}, the longest of this load test`,
        }
      : {}),
    ...schemaErrors(CreateRun, startBodyOf(draft, loadTest)),
    ...settingsErrors(draft, loadTest),
    ...(Number.isNaN(seconds) ? { durationSeconds: UNREADABLE } : {}),
    ...(Number.isNaN(typedSeconds(draft.stopTimeoutSeconds))
      ? { stopTimeoutSeconds: UNREADABLE }
      : {}),
  };
};
