import type { Db } from "mongodb";
import type { Rename, Target } from "./plan.ts";

/** How far the copying of one collection has come. */
export type Job = {
  readonly done: boolean;
  /** The last `_id` that was processed; absent at the start. */
  readonly last?: { readonly id: unknown };
  /** The ids of the current round, saved before its insert: after a kill they are deleted and inserted again. */
  readonly pending: readonly string[];
  readonly copied: number;
  readonly left: number;
  /** How many scripts inside load tests have become a revision. */
  readonly firstRevisions: number;
  readonly repaired: Readonly<Record<string, number>>;
};

export type State = {
  readonly phase: "copy" | "verify" | "swap" | "done" | "rollback";
  /** The format of the documents that the migration writes; absent in states of earlier versions. */
  readonly format?: number;
  readonly stamp: string;
  readonly startedAt: number;
  readonly keepActive: boolean;
  /** A hash of the mapping: an interrupted migration resumes only with the same one. */
  readonly mapping: string;
  readonly targets: readonly Target[];
  readonly jobs: Readonly<Record<string, Job>>;
  /** The list is stored before the first rename. */
  readonly renames: readonly Rename[];
  /** How many renames are done at least. */
  readonly renamed: number;
};

export const NEW_JOB: Job = {
  done: false,
  pending: [],
  copied: 0,
  left: 0,
  firstRevisions: 0,
  repaired: {},
};

/** State and lock are documents of the collection `migrations`, so that any machine can resume. */
export const STATE_COLLECTION = "migrations";
export const STATE_ID = "current";

export const readState = async (db: Db): Promise<State | undefined> => {
  const stored = await db
    .collection<State & { readonly _id: string }>(STATE_COLLECTION)
    .findOne({ _id: STATE_ID });
  return stored ?? undefined;
};
