import { type Db, type Document } from "mongodb";
import { backupOf, leftOf, listed, foreignOf, type Target, TODAY } from "./state/plan.ts";
import { type State, STATE_COLLECTION } from "./state/state.ts";
import type { Verification } from "./verify/verification.ts";

/** The report lists this many left documents of a collection; the collection `leftIn` has all of them. */
const LISTED = 1000;

type LeftDocument = { readonly id: string; readonly reasons: readonly string[] };
type CollectionReport = {
  readonly collection: string;
  readonly into: string;
  readonly copied: number;
  readonly left: number;
  /** How many scripts inside load tests have become the first revision of their load test. */
  readonly firstRevisions: number;
  readonly repaired: Readonly<Record<string, number>>;
  readonly backup: string;
  readonly leftDocuments: readonly LeftDocument[];
  readonly leftIn?: string;
};
export type Report = {
  readonly database: string;
  readonly phase: State["phase"];
  readonly startedAt: string;
  readonly seconds: number;
  readonly keepActive: boolean;
  readonly collections: readonly CollectionReport[];
  readonly verified: readonly Verification[];
  /** Collections of other programs. */
  readonly untouched: readonly string[];
};

const leftDocumentsOf = async (db: Db, source: string): Promise<LeftDocument[]> =>
  db
    .collection<Document & { _id: string }>(leftOf(source))
    .find({}, { projection: { reasons: 1 } })
    .limit(LISTED)
    .map(({ _id, reasons }) => ({ id: _id, reasons: reasons as string[] }))
    .toArray();

export const reportOf = async (
  db: Db,
  state: State,
  verified: readonly Verification[],
  now: number,
): Promise<Report> => {
  const collections: CollectionReport[] = [];
  const sources = state.targets.flatMap((target: Target) =>
    target.sources.map(({ name }) => ({ name, into: target.name })),
  );
  for (const { name, into } of sources) {
    const job = state.jobs[name];
    if (job === undefined) continue;
    collections.push({
      collection: name,
      into,
      copied: job.copied,
      left: job.left,
      firstRevisions: job.firstRevisions,
      repaired: job.repaired,
      backup: backupOf(name, state.stamp),
      leftDocuments: job.left === 0 ? [] : await leftDocumentsOf(db, name),
      ...(job.left === 0 ? {} : { leftIn: leftOf(name) }),
    });
  }
  return {
    database: db.databaseName,
    phase: state.phase,
    startedAt: new Date(state.startedAt).toISOString(),
    seconds: Math.round((now - state.startedAt) / 100) / 10,
    keepActive: state.keepActive,
    collections,
    verified,
    untouched: foreignOf(await listed(db), [
      ...TODAY,
      STATE_COLLECTION,
      "store_meta",
      "store_checks",
    ]),
  };
};
