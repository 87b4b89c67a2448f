import type { Db } from "mongodb";
import { COLLECTIONS } from "@load-manager/server/stores/mongo/indexes.ts";

/** The sources of each of today's collections, in the order of conversion. Of two documents with one id the first source's is taken. */
const SOURCES: Readonly<Record<string, readonly string[]>> = {
  script_blobs: ["script_blobs"],
  run_live: ["run_live"],
  script_revisions: ["script_revisions"],
  load_test_runs: ["load_test_runs", "test_runs"],
  load_tests: ["load_tests"],
  metrics_timeseries: ["metrics_timeseries"],
};
/** The target whose documents become records of another form. */
export const METRICS = "metrics_timeseries";
/** The collections whose documents are the same today. */
export const UNCHANGED: ReadonlySet<string> = new Set(["script_blobs", "run_live"]);
/** A database without a mark holds older data where one of these exists. */
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
type Collections = readonly { readonly name: string; readonly type?: string | undefined }[];

export const TODAY: readonly string[] = Object.keys(COLLECTIONS);

export const newOf = (name: string): string => `${name}__new`;
export const targetOf = (copy: string): string => copy.replace(/__new$/, "");
export const leftOf = (name: string): string => `${name}__left`;
export const backupOf = (name: string, stamp: string): string => `${name}__backup_${stamp}`;
const undoneOf = (name: string, stamp: string): string => `${name}__undone_${stamp}`;
export const SORTING = "metrics_timeseries__sorting";
/** The summaries of the records of metrics, and the runs with them. */
export const RUN_SUMMARIES = "load_test_runs__summaries";
export const MERGED_RUNS = "load_test_runs__merged";
/** What the migration needs only while it copies. */
export const TEMPORARY: readonly string[] = [SORTING, RUN_SUMMARIES, MERGED_RUNS];

export const listed = async (db: Db): Promise<Collections> =>
  (await db.listCollections().toArray()).map(({ name, type }) => ({ name, type }));

/** Every target, with or without a source: the swap is then always the same. */
export const targetsOf = (collections: Collections): Target[] => {
  const types = new Map(collections.map(({ name, type }) => [name, type]));
  return Object.entries(SOURCES).map(([name, sources]) => ({
    name,
    sources: sources
      .filter((source) => types.has(source))
      .map((source) => ({ name: source, timeSeries: types.get(source) === "timeseries" })),
  }));
};

/** The collection with the older documents of a source: for a time series its plain copy. */
export const readFrom = (stamp: string, { name, timeSeries }: Source): string =>
  timeSeries ? backupOf(name, stamp) : name;

/** Whether the database has the mark of today's schema. */
export const isMarked = async (db: Db): Promise<boolean> =>
  (await db.collection<{ _id: string }>("store_meta").findOne({ _id: "schema" })) !== null;

export const hasOlder = (collections: Collections): boolean =>
  collections.some(({ name }) => OLDER.includes(name));

/** Collections of other programs: the migration leaves them alone and lists them. */
export const foreignOf = (collections: Collections, known: readonly string[]): string[] =>
  collections
    .map(({ name }) => name)
    .filter(
      (name) =>
        !known.includes(name) &&
        !OLDER.includes(name) &&
        !name.startsWith("system.") &&
        !/__(new|left|sorting|summaries|merged|(backup|undone)_\w+)$/.test(name),
    )
    .toSorted();

/**
 * Each source becomes its backup, then the new collection gets its name. A time-series collection cannot be renamed: its
 * copy is the backup, and the collection is dropped.
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

/** The rollback: today's collections are renamed, then the backups get their older names. */
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

/** The time in the names of backups, such as 20261124T215721. */
export const stampOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
