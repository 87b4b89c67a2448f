import { type Db, type Document } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { left as leftBecause, type Older } from "../transform/entity.ts";
import { READ } from "../read/json.ts";
import { AS_THEY_ARE, leftOf, newOf, SORTING, type Source } from "../plan.ts";
import type { Job } from "../state.ts";
import { idText, type Step, type Written } from "../transform/steps.ts";
import { after, fits, insertAbsent, type Made } from "./insert.ts";

/** Documents of one round: read, made, written, remembered. */
const AT_ONCE = 500;

export type CopyDeps = {
  readonly db: Db;
  readonly step: Step;
  readonly source: Source;
  /** Where it is read; a time-series collection is read from its copy. */
  readonly from: string;
  /** Ids that this target has already, from whichever source; absent where every id is made unique. */
  readonly seen: Set<string> | undefined;
  readonly save: (job: Job) => Promise<void>;
  readonly onProgress: (done: number) => void;
};

type Left = { readonly document: Older; readonly reasons: readonly string[] };

/** A left document with the very types that it was written with. */
const verbatim = async (db: Db, from: string, { document, reasons }: Left): Promise<Made> => {
  const { _id } = document;
  const whole = await db
    .collection<Document>(from)
    .findOne({ _id } as Document, { promoteValues: false, promoteBuffers: false });
  return {
    _id: idText(_id),
    reasons: [...reasons],
    // The largest documents have no room for more: they are in the backup.
    ...(whole !== null && fits({ reasons, whole }) ? { document: whole } : {}),
  };
};

/** Copies one source, going on where its job stands. Every round may be repeated. */
export const copySource = async (deps: CopyDeps, begun: Job): Promise<Job> => {
  const { db, step, source, from, seen, save, onProgress } = deps;
  let job = begun;
  if (job.done) return job;

  const round = async (documents: readonly Older[]): Promise<void> => {
    const made: Written[] = [];
    const left: Left[] = [];
    const repaired = { ...job.repaired };
    for (const document of documents) {
      const outcome = step(document);
      const fault = outcome.ok ? faultOf(outcome.made, seen) : undefined;
      if (!outcome.ok || fault !== undefined) {
        left.push({ document, ...(outcome.ok ? leftBecause(fault ?? "") : outcome) });
        continue;
      }
      seen?.add(outcome.made.document._id);
      made.push(outcome.made);
      for (const name of outcome.repaired) repaired[name] = (repaired[name] ?? 0) + 1;
    }
    // What is about to come is known before it is there: after a kill it is taken out again, and counted once.
    await save({ ...job, pending: made.map(({ document }) => document._id) });
    const sides = made.flatMap((one) => one.sides);
    for (const [into, some] of Map.groupBy([...sides, ...made], (one) => one.into)) {
      await insertAbsent(
        db,
        into,
        some.map(({ document }) => document),
      );
    }
    const copies: Made[] = [];
    for (const one of left) copies.push(await verbatim(db, from, one));
    await insertAbsent(db, leftOf(source.name), copies);
    job = {
      ...job,
      pending: [],
      last: { id: documents.at(-1)?.["_id"] },
      copied: job.copied + made.length,
      left: job.left + left.length,
      repaired,
    };
    onProgress(job.copied + job.left);
  };

  const cursor = db
    .collection<Document>(from)
    .find(after(job.last), { ...READ, batchSize: AT_ONCE })
    .sort({ _id: 1 });
  let waiting: Older[] = [];
  for await (const document of cursor) {
    waiting.push(document);
    if (waiting.length < AT_ONCE) continue;
    await round(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await round(waiting);
  job = { ...job, done: true };
  await save(job);
  return job;
};

const faultOf = (written: Written, seen: ReadonlySet<string> | undefined): string | undefined => {
  if (seen?.has(written.document._id) === true) {
    return `there is another document with the id ${JSON.stringify(written.document._id)}, which came first`;
  }
  return fits(written.document) ? undefined : "it would be larger than 16 MB";
};

/** Takes back what the last round was about to write, and tells which ids are there. */
export const prepareTarget = async (
  db: Db,
  target: string,
  jobs: readonly Job[],
): Promise<Set<string> | undefined> => {
  const pending = jobs.flatMap((job) => job.pending);
  const metrics = target === "metrics_timeseries";
  for (const name of [newOf(target), ...(metrics ? [SORTING] : [])]) {
    if (pending.length > 0) await db.collection<Made>(name).deleteMany({ _id: { $in: pending } });
  }
  // Metrics have their older id in theirs, and copied contents are under their own names: one is as good as another.
  if (metrics || AS_THEY_ARE.has(target)) return undefined;
  const ids = await db
    .collection<Made>(newOf(target))
    .find({}, { projection: { _id: 1 } })
    .map(({ _id }) => _id)
    .toArray();
  return new Set(ids);
};

/** A time-series collection as a plain one, document by document; begun anew where it was broken off. */
export const copyTimeSeries = async (
  db: Db,
  { name }: Source,
  backup: string,
  onProgress: (done: number) => void,
): Promise<void> => {
  await db.collection(backup).drop();
  await db.createCollection(backup);
  const cursor = db
    .collection<Document>(name)
    .find({}, { promoteValues: false, promoteBuffers: false, batchSize: AT_ONCE });
  let done = 0;
  let waiting: Document[] = [];
  const flush = async (): Promise<void> => {
    if (waiting.length > 0) await db.collection(backup).insertMany(waiting);
    done += waiting.length;
    onProgress(done);
    waiting = [];
  };
  const ids = new Set<string>();
  for await (const document of cursor) {
    const id = idText(document["_id"]);
    // In a time series two may have one id, or none: the copy gives the second one of its own.
    if (document["_id"] === undefined || ids.has(id)) {
      const { _id, ...rest } = document;
      waiting.push(_id === undefined ? rest : { ...rest, idInTimeSeries: _id });
    } else waiting.push(document);
    ids.add(id);
    if (waiting.length === AT_ONCE) await flush();
  }
  await flush();
  const [there, copied] = [
    await db.collection(name).countDocuments(),
    await db.collection(backup).countDocuments(),
  ];
  if (there === copied) return;
  throw new AppError(
    "conflict",
    `${name} has ${there} documents and its copy ${copied}: something writes into it. Stop that, and start again.`,
  );
};
