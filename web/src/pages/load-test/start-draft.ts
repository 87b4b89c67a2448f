import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { CreateRun, type RunAnswer } from "@load-manager/contract/api/run.ts";
import { type FieldErrors, schemaErrors } from "../../api/form-errors.ts";
import { typedDuration } from "../../format/times.ts";
import { numberOf, typedSeconds, UNREADABLE } from "../load-tests/load-test-draft.ts";

/** What a run is started with, as somebody types it. */
export type StartDraft = {
  readonly name: string;
  readonly notes: string;
  readonly targetUsers: string;
  readonly spawnRate: string;
  readonly duration: string;
  readonly targetUrl: string;
};

const textOf = (value: number | undefined): string => (value === undefined ? "" : String(value));

/** A name that the server made of the load test's name and the run's number says nothing about the next run. */
const ownName = (run: RunAnswer): string =>
  run.name.endsWith(` #${run.runNumber}`) ? "" : run.name;

/** As the last run was started; without one, as the load test says. */
export const startDraftOf = (loadTest: LoadTestAnswer, last: RunAnswer | undefined): StartDraft => {
  const seconds = last === undefined ? loadTest.defaultDurationSec : last.durationSeconds;
  return {
    name: last === undefined ? "" : ownName(last),
    notes: last?.notes ?? "",
    targetUsers: textOf(last?.targetUsers ?? loadTest.defaultUsers),
    spawnRate: textOf(last?.spawnRate ?? loadTest.defaultSpawnRate),
    duration: seconds === undefined ? "" : typedDuration(seconds),
    targetUrl: last?.targetUrl ?? loadTest.targetUrl,
  };
};

/** What is left empty is left out, and becomes what the load test says. */
export const startBodyOf = (draft: StartDraft): Record<string, unknown> => {
  const body = {
    name: draft.name.trim() || undefined,
    notes: draft.notes.trim() === "" ? undefined : draft.notes,
    targetUsers: numberOf(draft.targetUsers),
    spawnRate: numberOf(draft.spawnRate),
    durationSeconds: typedSeconds(draft.duration),
    targetUrl: draft.targetUrl.trim() || undefined,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
};

export const startErrors = (
  draft: StartDraft,
  { maxDurationSec = Infinity }: LoadTestAnswer,
): FieldErrors => {
  const seconds = typedSeconds(draft.duration);
  return {
    ...((seconds ?? 0) > maxDurationSec
      ? {
          durationSeconds: `must be at most ${typedDuration(maxDurationSec)}, the longest of this load test`,
        }
      : {}),
    ...schemaErrors(CreateRun, startBodyOf(draft)),
    ...(Number.isNaN(seconds) ? { durationSeconds: UNREADABLE } : {}),
  };
};
