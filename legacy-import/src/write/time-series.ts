import type { Db, Document } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Source } from "../state/plan.ts";
import { idText } from "../transform/documents.ts";

const BATCH = 500;

/** Copies a time-series collection into a plain one; an interrupted copy starts again from the beginning. */
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
    .find({}, { promoteValues: false, promoteBuffers: false, batchSize: BATCH });
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
    // In a time series two documents may have the same id, or none: the copy gives the second one a new id.
    if (document["_id"] === undefined || ids.has(id)) {
      const { _id, ...rest } = document;
      waiting.push(_id === undefined ? rest : { ...rest, idInTimeSeries: _id });
    } else waiting.push(document);
    ids.add(id);
    if (waiting.length === BATCH) await flush();
  }
  await flush();
  const [total, copied] = [
    await db.collection(name).countDocuments(),
    await db.collection(backup).countDocuments(),
  ];
  if (total === copied) return;
  throw new AppError(
    "conflict",
    `${name} has ${total} documents and its copy ${copied}: another program is writing into it. Stop that program and start again.`,
  );
};
