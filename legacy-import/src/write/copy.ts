import { type Db, type Document } from "mongodb";
import { left as leftBecause, type Older } from "../transform/entity.ts";
import { READ } from "../read/json.ts";
import { UNCHANGED, leftOf, newOf, SORTING, type Source } from "../state/plan.ts";
import type { Job } from "../state/state.ts";
import { fits, idText, type StoredDocument } from "../transform/documents.ts";
import { type Converted, faultOf, type Step } from "../transform/steps.ts";
import { after, insertAbsent } from "./insert.ts";

/** Documents of one round. */
const BATCH = 500;

type CopyDeps = {
  readonly db: Db;
  readonly step: Step;
  readonly source: Source;
  /** The collection to read: for a time series its plain copy. */
  readonly from: string;
  /** The ids that the target has, from any source; absent where ids are unique anyway. */
  readonly seen: Set<string> | undefined;
  readonly save: (job: Job) => Promise<void>;
  readonly onProgress: (done: number) => void;
};

type Left = { readonly document: Older; readonly reasons: readonly string[] };

/** A left document with its original BSON types. */
const verbatim = async (
  db: Db,
  from: string,
  { document, reasons }: Left,
): Promise<StoredDocument> => {
  const { _id } = document;
  const whole = await db
    .collection<Document>(from)
    .findOne({ _id } as Document, { promoteValues: false, promoteBuffers: false });
  return {
    _id: idText(_id),
    reasons: [...reasons],
    // MongoDB's limit does not allow a wrapped document of the full size: only the backup has it.
    ...(whole !== null && fits({ reasons, whole }) ? { document: whole } : {}),
  };
};

/** Copies one source, from where its job was interrupted. A round that is repeated changes nothing. */
export const copySource = async (deps: CopyDeps, begun: Job): Promise<void> => {
  const { db, step, source, from, seen, save, onProgress } = deps;
  let job = begun;
  if (job.done) return;

  const round = async (documents: readonly Older[]): Promise<void> => {
    const converted: Converted[] = [];
    const left: Left[] = [];
    const repaired = { ...job.repaired };
    for (const document of documents) {
      const outcome = step(document);
      const fault = outcome.ok ? faultOf(outcome.value, seen) : undefined;
      if (!outcome.ok || fault !== undefined) {
        left.push({ document, ...(outcome.ok ? leftBecause(fault ?? "") : outcome) });
        continue;
      }
      seen?.add(outcome.value.document._id);
      converted.push(outcome.value);
      for (const name of outcome.repaired) repaired[name] = (repaired[name] ?? 0) + 1;
    }
    // The ids are saved before the insert: after a kill they are deleted, so that each document is counted once.
    await save({ ...job, pending: converted.map(({ document }) => document._id) });
    const extra = converted.flatMap((one) => one.extra);
    for (const [into, some] of Map.groupBy([...extra, ...converted], (one) => one.into)) {
      await insertAbsent(
        db,
        into,
        some.map(({ document }) => document),
      );
    }
    const copies: StoredDocument[] = [];
    for (const one of left) copies.push(await verbatim(db, from, one));
    await insertAbsent(db, leftOf(source.name), copies);
    job = {
      ...job,
      pending: [],
      last: { id: documents.at(-1)?.["_id"] },
      copied: job.copied + converted.length,
      left: job.left + left.length,
      firstRevisions:
        job.firstRevisions + converted.filter((one) => one.isFirstRevision === true).length,
      repaired,
    };
    onProgress(job.copied + job.left);
  };

  const cursor = db
    .collection<Document>(from)
    .find(after(job.last), { ...READ, batchSize: BATCH })
    .sort({ _id: 1 });
  let waiting: Older[] = [];
  for await (const document of cursor) {
    waiting.push(document);
    if (waiting.length < BATCH) continue;
    await round(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await round(waiting);
  job = { ...job, done: true };
  await save(job);
};

/** Deletes the documents of an interrupted round. Resolves with the ids in the target. */
export const prepareTarget = async (
  db: Db,
  target: string,
  jobs: readonly Job[],
): Promise<Set<string> | undefined> => {
  const pending = jobs.flatMap((job) => job.pending);
  const metrics = target === "metrics_timeseries";
  for (const name of [newOf(target), ...(metrics ? [SORTING] : [])]) {
    if (pending.length > 0)
      await db.collection<StoredDocument>(name).deleteMany({ _id: { $in: pending } });
  }
  // Ids of metrics contain the older id, and unchanged contents have their hash as id: both are unique.
  if (metrics || UNCHANGED.has(target)) return undefined;
  const ids = await db
    .collection<StoredDocument>(newOf(target))
    .find({}, { projection: { _id: 1 } })
    .map(({ _id }) => _id)
    .toArray();
  return new Set(ids);
};
