import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import type { LoadProfile } from "@load-manager/contract/model/load-profile.ts";
import type { OptionValue } from "@load-manager/contract/model/script-options.ts";
import type { FieldErrors } from "../../api/form-errors.ts";
import { typedDuration } from "../../format/times.ts";
import { numberOf, textOf, typedSeconds, UNREADABLE } from "../../format/typed.ts";
import { definedOnly, isSame } from "../../lib/values.ts";
import {
  type CriterionDraft,
  criteriaDraftOf,
  criteriaErrors,
  criteriaOf,
} from "./criteria-draft.ts";

export type StageDraft = {
  readonly duration: string;
  readonly users: string;
  readonly spawnRate: string;
};

export type ClassDraft = {
  readonly name: string;
  readonly by: "weight" | "fixedCount";
  /** Empty: as in the script. */
  readonly amount: string;
};

export type OptionDraft = { readonly name: string; readonly value: OptionValue };
type VariableDraft = { readonly name: string; readonly value: string };

/** The settings that load tests and runs share, as somebody types them. */
export type RunSettingsDraft = {
  readonly profile: LoadProfile["kind"];
  readonly stages: readonly StageDraft[];
  /** Absent: those that Locust starts by itself. */
  readonly userClasses: readonly ClassDraft[] | undefined;
  readonly includeTags: readonly string[];
  readonly excludeTags: readonly string[];
  readonly scriptOptions: readonly OptionDraft[];
  readonly environment: readonly VariableDraft[];
  readonly workers: string;
  readonly criteria: readonly CriterionDraft[];
};

/** What a load test or a run says of them. */
export type RunSettings = {
  readonly [
    K in
      | "loadProfile"
      | "userClasses"
      | "includeTags"
      | "excludeTags"
      | "scriptOptions"
      | "environment"
      | "workers"
      | "criteria"
  ]?: LoadTestAnswer[K] | undefined;
};

const stagesOf = (profile: LoadProfile | undefined): readonly StageDraft[] =>
  profile?.kind !== "stages"
    ? []
    : profile.stages.map(({ durationSeconds, users, spawnRate }) => ({
        duration: typedDuration(durationSeconds),
        users: String(users),
        spawnRate: textOf(spawnRate),
      }));

export const settingsDraftOf = (given: RunSettings): RunSettingsDraft => ({
  profile: given.loadProfile?.kind ?? "constant",
  stages: stagesOf(given.loadProfile),
  // An empty list asks for none, as does none.
  userClasses:
    (given.userClasses ?? []).length === 0
      ? undefined
      : given.userClasses?.map(({ name, weight, fixedCount }) => ({
          name,
          by: fixedCount === undefined ? "weight" : "fixedCount",
          amount: textOf(fixedCount ?? weight),
        })),
  includeTags: given.includeTags ?? [],
  excludeTags: given.excludeTags ?? [],
  scriptOptions: Object.entries(given.scriptOptions ?? {}).map(([name, value]) => ({
    name,
    value: value as OptionValue,
  })),
  environment: Object.entries(given.environment ?? {}).map(([name, value]) => ({ name, value })),
  workers: textOf(given.workers),
  criteria: criteriaDraftOf(given.criteria),
});

/** The rows with the one at `from` at the place `to`. */
export const moved = <One>(rows: readonly One[], from: number, to: number): readonly One[] => {
  const row = rows[from];
  return row === undefined ? rows : rows.toSpliced(from, 1).toSpliced(to, 0, row);
};

const profileOf = ({ profile, stages }: RunSettingsDraft) =>
  profile !== "stages"
    ? { kind: profile }
    : {
        kind: profile,
        stages: stages.map(({ duration, users, spawnRate }) =>
          definedOnly({
            durationSeconds: typedSeconds(duration),
            users: numberOf(users),
            spawnRate: numberOf(spawnRate),
          }),
        ),
      };

const classesOf = ({ userClasses }: RunSettingsDraft) =>
  userClasses?.map(({ name, by, amount }) => definedOnly({ name, [by]: numberOf(amount) }));

const listOf = (list: readonly string[]): readonly string[] | undefined =>
  list.length === 0 ? undefined : list;

type Row = { readonly name: string; readonly value: OptionValue };

/** A row in which nothing has been typed yet says nothing. */
const isFilled = ({ name, value }: Row): boolean => name.trim() !== "" || value !== "";

const mapOf = <Value extends OptionValue>(
  rows: readonly { readonly name: string; readonly value: Value }[],
): Readonly<Record<string, Value>> | undefined => {
  const filled = rows.filter(isFilled);
  if (filled.length === 0) return undefined;
  return Object.fromEntries(filled.map(({ name, value }) => [name.trim(), value]));
};

/** The settings as a load test has them; an absent one asks for nothing. */
export const settingsOf = (draft: RunSettingsDraft) => ({
  loadProfile: profileOf(draft),
  userClasses: classesOf(draft),
  includeTags: listOf(draft.includeTags),
  excludeTags: listOf(draft.excludeTags),
  scriptOptions: mapOf(draft.scriptOptions),
  environment: mapOf(draft.environment),
  workers: numberOf(draft.workers),
  criteria: criteriaOf(draft.criteria),
});

/** A run adds its values to the load test's: those that differ, or that only the run has. */
const added = (
  own: Readonly<Record<string, OptionValue>> = {},
  stored: Readonly<Record<string, unknown>> = {},
) => {
  const more = Object.entries(own).filter(([name, value]) => !isSame(value, stored[name]));
  return more.length === 0 ? undefined : Object.fromEntries(more);
};

/** What a run names of the settings: where it differs from the load test, whose `stored` ones apply else. */
export const runSettingsOf = (draft: RunSettingsDraft, stored: RunSettings) => {
  const [own, base] = [settingsOf(draft), settingsOf(settingsDraftOf(stored))];
  // An empty list asks for none of the load test's.
  const list = <Name extends "userClasses" | "includeTags" | "excludeTags" | "criteria">(
    name: Name,
  ) => (isSame(own[name], base[name]) ? undefined : (own[name] ?? []));
  return definedOnly({
    loadProfile: isSame(own.loadProfile, base.loadProfile) ? undefined : own.loadProfile,
    userClasses: list("userClasses"),
    includeTags: list("includeTags"),
    excludeTags: list("excludeTags"),
    scriptOptions: added(own.scriptOptions, stored.scriptOptions),
    environment: added(own.environment, stored.environment),
    workers: isSame(own.workers, base.workers) ? undefined : own.workers,
    criteria: list("criteria"),
  });
};

/**
 * As the last run was started, together with what only the load test has. The criteria are the load test's: who tightens them
 * must not start another run with the old ones.
 */
export const nextSettingsOf = (loadTest: RunSettings, last: RunSettings | undefined): RunSettings =>
  last === undefined
    ? loadTest
    : {
        ...last,
        scriptOptions: { ...loadTest.scriptOptions, ...last.scriptOptions },
        environment: { ...loadTest.environment, ...last.environment },
        criteria: loadTest.criteria,
      };

/** For a new load test, which has none of the stored values that `***` stands for. */
export const withoutHidden = (settings: RunSettings): RunSettings => {
  const shown = <Value>(values: Readonly<Record<string, Value>> | undefined) =>
    Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== HIDDEN));
  return {
    ...settings,
    scriptOptions: shown(settings.scriptOptions),
    environment: shown(settings.environment),
  };
};

const twice = (field: string, rows: readonly Row[]): FieldErrors =>
  Object.fromEntries(
    rows
      .map(({ name }) => name.trim())
      .filter((name, index, all) => name !== "" && all.indexOf(name) < index)
      .map((name) => [`${field}.${name}`, "is there twice"]),
  );

const NOT_STORED = `must have its value: ${HIDDEN} stands for a stored one, and none is stored`;

const withoutValue = (
  field: string,
  rows: readonly Row[],
  stored: Readonly<Record<string, unknown>> = {},
): FieldErrors =>
  Object.fromEntries(
    rows
      .filter(({ name, value }) => value === HIDDEN && !Object.hasOwn(stored, name.trim()))
      .map(({ name }) => [`${field}.${name.trim()}`, NOT_STORED]),
  );

/** What no schema sees: texts that are no duration, names that are there twice, `***` for nothing. */
export const settingsErrors = (
  draft: RunSettingsDraft,
  stored: { readonly [K in "scriptOptions" | "environment"]?: RunSettings[K] },
): FieldErrors => ({
  ...(draft.profile === "stages"
    ? Object.fromEntries(
        draft.stages.flatMap(({ duration }, index) =>
          Number.isNaN(typedSeconds(duration))
            ? [[`loadProfile.stages[${index}].durationSeconds`, UNREADABLE]]
            : [],
        ),
      )
    : {}),
  ...criteriaErrors(draft.criteria),
  ...(draft.userClasses?.length === 0 ? { userClasses: "must have at least one class" } : {}),
  ...twice("scriptOptions", draft.scriptOptions),
  ...twice("environment", draft.environment),
  ...withoutValue("scriptOptions", draft.scriptOptions, stored.scriptOptions),
  ...withoutValue("environment", draft.environment, stored.environment),
});
