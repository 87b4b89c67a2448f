import { BSON, type Db, type Document } from "mongodb";
import { isDuplicate } from "@load-manager/server/stores/mongo/errors.ts";
import type { StoredDocument } from "../transform/documents.ts";

/** Inserts the documents whose id is absent. Where an id exists, the same round inserted it before a kill. */
export const insertAbsent = async (
  db: Db,
  collection: string,
  given: readonly StoredDocument[],
): Promise<void> => {
  if (given.length === 0) return;
  const documents = [...new Map(given.map((one) => [one._id, one])).values()];
  const into = db.collection<StoredDocument>(collection);
  try {
    await into.insertMany([...documents]);
    return;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const ids = documents.map(({ _id }) => _id);
  const existing = await into
    .find({ _id: { $in: ids } }, { projection: { _id: 1 } })
    .map(({ _id }) => _id)
    .toArray();
  const known = new Set(existing);
  const absent = documents.filter(({ _id }) => !known.has(_id));
  if (absent.length > 0) await into.insertMany(absent);
};

/** BSON's order of types, by their `$type` names. `$gt` compares values of one type only, so a filter names the later types. */
const TYPES = [
  ["null"],
  ["int", "long", "double", "decimal"],
  ["string", "symbol"],
  ["object"],
  ["array"],
  ["binData"],
  ["objectId"],
  ["bool"],
  ["date"],
  ["timestamp"],
  ["regex"],
] as const;

const typeOf = (id: unknown): string => {
  if (id === null || id === undefined) return "null";
  if (typeof id === "number" || typeof id === "bigint") return "int";
  if (typeof id === "string") return "string";
  if (typeof id === "boolean") return "bool";
  if (Array.isArray(id)) return "array";
  if (id instanceof Date) return "date";
  if (id instanceof BSON.ObjectId) return "objectId";
  if (id instanceof BSON.Timestamp) return "timestamp";
  if (id instanceof BSON.Binary) return "binData";
  if (id instanceof BSON.Decimal128) return "decimal";
  if (id instanceof BSON.Long || id instanceof BSON.Double || id instanceof BSON.Int32)
    return "int";
  if (id instanceof BSON.BSONRegExp) return "regex";
  return "object";
};

/** A filter for the documents after this id in BSON's order; `undefined` gives all. */
export const after = (last: { readonly id: unknown } | undefined): Document => {
  if (last === undefined) return {};
  const at = TYPES.findIndex((types) => (types as readonly string[]).includes(typeOf(last.id)));
  const later = TYPES.slice(at + 1).map((types) => ({ _id: { $type: [...types] } }));
  return { $or: [{ _id: { $gt: last.id } }, ...later] };
};
