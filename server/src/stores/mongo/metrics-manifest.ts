import type { Db, Document } from "mongodb";
import type { MergedRange, SampleRow } from "../ports.ts";
import { byBoot, toRanges } from "../shared/samples.ts";
import { long, toDocument } from "./document.ts";
import { isDuplicate } from "./errors.ts";

type Key = Pick<SampleRow, "attempt" | "boot" | "seq">;

/**
 * What of a run has been merged, in one document: merging is done when this document says so, all of it at once. A
 * reader believes it alone; whatever rows and rollups are there besides count for nothing.
 */
export type Manifest = {
  /** Counts the changes; what was read is true as long as it stays. */
  readonly version: number;
  /** Attempts at merging; each has the number of its own that its rollups carry. */
  readonly attempts: number;
  /** Those attempts that were completed; ascending, both ends included. */
  readonly completed: readonly { readonly from: number; readonly to: number }[];
  readonly merged: readonly MergedRange[];
  /** Rows that were merged may still be there. */
  readonly untidy: boolean;
};

const NOTHING: Manifest = { version: 0, attempts: 0, completed: [], merged: [], untidy: false };

export const manifestOf = (document: Document | null): Manifest =>
  document === null
    ? NOTHING
    : {
        version: Number(document["version"]),
        attempts: Number(document["attempts"]),
        completed: document["completed"] as Manifest["completed"],
        merged: document["merged"] as Manifest["merged"],
        untidy: document["untidy"] === true,
      };

export const isIn = (merged: readonly MergedRange[], { attempt, boot, seq }: Key): boolean =>
  merged.some(
    (range) =>
      range.boot === boot &&
      range.attempt === attempt &&
      range.fromSeq <= seq &&
      seq <= range.toSeq,
  );

/** With these numbers too; ranges that touch become one. In the order of (boot, attempt, fromSeq). */
export const withMerged = (merged: readonly MergedRange[], rows: readonly Key[]): MergedRange[] => {
  const added = byBoot(rows).flatMap((ofBoot) => {
    const [first] = ofBoot;
    if (first === undefined) return [];
    return toRanges(ofBoot.map(({ seq }) => seq)).map(([fromSeq, toSeq]) => ({
      attempt: first.attempt,
      boot: first.boot,
      fromSeq,
      toSeq,
    }));
  });
  const ordered = [...merged, ...added].toSorted(
    (a, b) =>
      (a.boot < b.boot ? -1 : a.boot > b.boot ? 1 : 0) ||
      a.attempt - b.attempt ||
      a.fromSeq - b.fromSeq,
  );
  const joined: MergedRange[] = [];
  for (const range of ordered) {
    const last = joined.at(-1);
    const touches =
      last?.boot === range.boot &&
      last.attempt === range.attempt &&
      range.fromSeq <= last.toSeq + 1;
    if (last !== undefined && touches) {
      joined[joined.length - 1] = { ...last, toSeq: Math.max(last.toSeq, range.toSeq) };
    } else joined.push(range);
  }
  return joined;
};

export const isCompleted = ({ completed }: Manifest, attempt: number): boolean =>
  completed.some(({ from, to }) => from <= attempt && attempt <= to);

export type Manifests = ReturnType<typeof manifests>;

export const manifests = (db: Db) => {
  const collection = db.collection<Document & { _id: string }>("metrics_merges");
  return {
    read: async (runId: string): Promise<Manifest> =>
      manifestOf(await collection.findOne({ _id: runId })),
    /** A new attempt, with a number that no other has. */
    begin: async (runId: string): Promise<Manifest> => {
      for (;;) {
        const begun = await collection.findOneAndUpdate(
          { _id: runId },
          { $inc: { attempts: long(1) } },
          { returnDocument: "after" },
        );
        if (begun !== null) return manifestOf(begun);
        try {
          await collection.insertOne({ _id: runId, ...toDocument(NOTHING) });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
        }
      }
    },
    /** True where nothing has changed since `before`: the attempt has then become what holds. */
    complete: async (
      runId: string,
      before: Manifest,
      merged: readonly MergedRange[],
    ): Promise<boolean> => {
      // Attempts are completed in the order of their numbers: a later one has seen this one's version.
      const last = before.completed.at(-1);
      const number = before.attempts;
      const completed =
        last !== undefined && last.to + 1 === number
          ? [...before.completed.slice(0, -1), { from: last.from, to: number }]
          : [...before.completed, { from: number, to: number }];
      const next = await collection.findOneAndUpdate(
        { _id: runId, version: long(before.version) },
        { $set: toDocument({ completed, merged, untidy: true }), $inc: { version: long(1) } },
        { returnDocument: "after" },
      );
      return next !== null;
    },
    tidied: async (runId: string, version: number): Promise<void> => {
      await collection.findOneAndUpdate(
        { _id: runId, version: long(version) },
        { $set: { untidy: false } },
        { returnDocument: "after" },
      );
    },
    remove: async (runId: string): Promise<void> => {
      await collection.deleteMany({ _id: runId });
    },
  };
};
