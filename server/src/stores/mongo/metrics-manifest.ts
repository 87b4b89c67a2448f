import type { Db, Document } from "mongodb";
import type { CompactedRange, MetricRecord } from "../model/metric-store.ts";
import { byMasterInstance, toRanges } from "../shared/samples.ts";
import { long, toDocument } from "./document.ts";
import { isDuplicate } from "./errors.ts";

type Key = Pick<MetricRecord, "masterInstanceId" | "seq">;

/**
 * What of a run is compacted, in one document: a compaction is complete when this document says so, all at once. Records and
 * rollups that it does not name do not count.
 */
export type Manifest = {
  /** Counts the changes: what was read is valid while it stays the same. */
  readonly version: number;
  /** Attempts at compacting; each has the number of its own that its rollups carry. */
  readonly compactions: number;
  /** Those compactions that were completed; ascending, both ends included. */
  readonly completed: readonly { readonly from: number; readonly to: number }[];
  readonly compacted: readonly CompactedRange[];
  /** Compacted records may still have to be deleted. */
  readonly untidy: boolean;
};

const NOTHING: Manifest = {
  version: 0,
  compactions: 0,
  completed: [],
  compacted: [],
  untidy: false,
};

export const manifestOf = (document: Document | null): Manifest =>
  document === null
    ? NOTHING
    : {
        version: Number(document["version"]),
        compactions: Number(document["compactions"]),
        completed: document["completed"] as Manifest["completed"],
        compacted: document["compacted"] as Manifest["compacted"],
        untidy: document["untidy"] === true,
      };

export const isIn = (
  compacted: readonly CompactedRange[],
  { masterInstanceId, seq }: Key,
): boolean =>
  compacted.some(
    (range) =>
      range.masterInstanceId === masterInstanceId && range.fromSeq <= seq && seq <= range.toSeq,
  );

/** With these numbers too; ranges that touch become one. In the order of (masterInstanceId, fromSeq). */
export const withCompacted = (
  compacted: readonly CompactedRange[],
  records: readonly Key[],
): CompactedRange[] => {
  const added = byMasterInstance(records).flatMap((ofInstance) => {
    const [first] = ofInstance;
    if (first === undefined) return [];
    return toRanges(ofInstance.map(({ seq }) => seq)).map(([fromSeq, toSeq]) => ({
      masterInstanceId: first.masterInstanceId,
      fromSeq,
      toSeq,
    }));
  });
  const ordered = [...compacted, ...added].toSorted(
    (a, b) =>
      (a.masterInstanceId < b.masterInstanceId
        ? -1
        : a.masterInstanceId > b.masterInstanceId
          ? 1
          : 0) || a.fromSeq - b.fromSeq,
  );
  const joined: CompactedRange[] = [];
  for (const range of ordered) {
    const last = joined.at(-1);
    const touches =
      last?.masterInstanceId === range.masterInstanceId && range.fromSeq <= last.toSeq + 1;
    if (last !== undefined && touches) {
      joined[joined.length - 1] = { ...last, toSeq: Math.max(last.toSeq, range.toSeq) };
    } else joined.push(range);
  }
  return joined;
};

export const isCompleted = ({ completed }: Manifest, compaction: number): boolean =>
  completed.some(({ from, to }) => from <= compaction && compaction <= to);

export type Manifests = ReturnType<typeof manifests>;

export const manifests = (db: Db) => {
  const collection = db.collection<Document & { _id: string }>("metrics_compacted");
  return {
    read: async (runId: string): Promise<Manifest> =>
      manifestOf(await collection.findOne({ _id: runId })),
    /** A new compaction, with a number that no other has. */
    begin: async (runId: string): Promise<Manifest> => {
      for (;;) {
        const begun = await collection.findOneAndUpdate(
          { _id: runId },
          { $inc: { compactions: long(1) } },
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
    /** True where nothing has changed since `before`: the compaction has then become what holds. */
    complete: async (
      runId: string,
      before: Manifest,
      compacted: readonly CompactedRange[],
    ): Promise<boolean> => {
      // Attempts are completed in the order of their numbers: a later one has seen this one's version.
      const last = before.completed.at(-1);
      const number = before.compactions;
      const completed =
        last !== undefined && last.to + 1 === number
          ? [...before.completed.slice(0, -1), { from: last.from, to: number }]
          : [...before.completed, { from: number, to: number }];
      const next = await collection.findOneAndUpdate(
        { _id: runId, version: long(before.version) },
        { $set: toDocument({ completed, compacted, untidy: true }), $inc: { version: long(1) } },
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
