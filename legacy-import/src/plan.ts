import type { Db } from "mongodb";

/** Where each of today's collections comes from, in the order in which they are made; the first source goes before the second. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  script_blobs: ["script_blobs"],
  run_live: ["run_live"],
  script_revisions: ["script_revisions"],
  load_test_runs: ["load_test_runs", "test_runs"],
  load_tests: ["load_tests"],
  metrics_timeseries: ["metrics_timeseries"],
};
/** These are as they will be: they are copied as they are. */
export const AS_THEY_ARE: ReadonlySet<string> = new Set(["script_blobs", "run_live"]);
/** There are older data where one of these is. */
const OLDER = [
  "load_tests",
  "load_test_runs",
  "test_runs",
  "metrics_timeseries",
  "script_revisions",
];

export type Source = { readonly name: string; readonly timeSeries: boolean };
export type Target = { readonly name: string; readonly sources: readonly Source[] };
export type Rename = { readonly from: string; readonly to: string; readonly drop?: boolean };
export type Collections = readonly { readonly name: string; readonly type?: string | undefined }[];

export const newOf = (name: string): string => `${name}__new`;
export const leftOf = (name: string): string => `${name}__left`;
export const backupOf = (name: string, stamp: string): string => `${name}__backup_${stamp}`;
export const undoneOf = (name: string, stamp: string): string => `${name}__undone_${stamp}`;
export const SORTING = "metrics_timeseries__sorting";

export const listed = async (db: Db): Promise<Collections> =>
  (await db.listCollections().toArray()).map(({ name, type }) => ({ name, type }));

/** What there is to migrate. Every target is made, also of nothing: a swap then always is the same. */
export const targetsOf = (collections: Collections): Target[] => {
  const types = new Map(collections.map(({ name, type }) => [name, type]));
  return Object.entries(SOURCES).map(([name, sources]) => ({
    name,
    sources: sources
      .filter((source) => types.has(source))
      .map((source) => ({ name: source, timeSeries: types.get(source) === "timeseries" })),
  }));
};

export const hasOlder = (collections: Collections): boolean =>
  collections.some(({ name }) => OLDER.includes(name));

/** What nobody here knows: it stays as it is, and is named. */
export const strangersOf = (collections: Collections, known: readonly string[]): string[] =>
  collections
    .map(({ name }) => name)
    .filter(
      (name) =>
        !known.includes(name) &&
        !OLDER.includes(name) &&
        !name.startsWith("system.") &&
        !/__(new|left|sorting|(backup|undone)_\w+)$/.test(name),
    )
    .toSorted();

/**
 * The swap: each source becomes its backup, then the new collection takes its name. A time-series collection cannot be
 * renamed: it has been copied to its backup before, and goes.
 */
export const swapOf = (targets: readonly Target[], stamp: string): Rename[] =>
  targets.flatMap(({ name, sources }) => [
    ...sources.map((source) => ({
      from: source.name,
      to: backupOf(source.name, stamp),
      ...(source.timeSeries ? { drop: true } : {}),
    })),
    { from: newOf(name), to: name },
  ]);

/** The way back: today's collections stand aside, the backups take their names. */
export const rollbackOf = (
  targets: readonly Target[],
  today: readonly string[],
  stamp: string,
): Rename[] => [
  ...today.map((name) => ({ from: name, to: undoneOf(name, stamp) })),
  ...targets.flatMap(({ sources }) =>
    sources.map(({ name }) => ({ from: backupOf(name, stamp), to: name })),
  ),
];

/** 20261124T215721 */
export const stampOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
