import type { Db, Document } from "mongodb";
import type { IdempotencyRecord, IdempotencyStore } from "../model/idempotency-store.ts";
import { fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";

/** Header names are no keys here. */
export const keyDocument = ({ answer, ...record }: IdempotencyRecord): Document => ({
  ...toDocument(record),
  ...(answer === undefined ? {} : { answer: JSON.stringify(answer) }),
});
export const keyOf = (document: Document): IdempotencyRecord => {
  const { answer, ...record } = fromDocument<Document>(document);
  return {
    ...record,
    ...(answer === undefined ? {} : { answer: JSON.parse(String(answer)) }),
  } as IdempotencyRecord;
};

export const mongoKeys = (db: Db): IdempotencyStore => {
  const collection = db.collection<Document & { _id: string }>("idempotency_keys");
  return {
    get: verb(async (id) => {
      const document = await collection.findOne({ _id: id });
      return document === null ? undefined : keyOf(document);
    }),
    take: verb(async (record, seen) => {
      if (seen !== undefined) {
        const unanswered = seen.answer === undefined ? { answer: null } : {};
        // Matched, not modified: a record that is taken over from oneself does not change.
        const { matchedCount } = await collection.replaceOne(
          { _id: seen.id, owner: seen.owner, createdAt: long(seen.createdAt), ...unanswered },
          keyDocument(record),
        );
        return matchedCount === 1;
      }
      try {
        await collection.insertOne({ _id: record.id, ...keyDocument(record) });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    }),
    finish: verb(async (id, owner, answer) => {
      await collection.findOneAndUpdate(
        { _id: id, owner },
        { $set: { answer: JSON.stringify(answer) } },
        { returnDocument: "after" },
      );
    }),
    drop: verb(async (id, owner) => {
      await collection.deleteMany({ _id: id, owner, answer: null });
    }),
    expire: verb(async (before) => {
      await collection.deleteMany({ createdAt: { $lt: long(before) } });
    }),
  };
};
