import type { Collection, Db, Document } from "mongodb";
import type { DumpPage } from "../dump.ts";
import { bytesOf } from "./document.ts";
import { verb } from "./errors.ts";
import { stored } from "./query.ts";
import { pageLimit, type Place, placeOf, placeText } from "../shared/pages.ts";

export type Documents = Collection<Document & { _id: string }>;
export const collectionOf = (db: Db, name: string): Documents => db.collection(name);

/**
 * Documents in the order of an index, after a place in it. All fields but the last are gone through value by value, so
 * that a server never has to sort more than an index has in order.
 */
export const inOrder = async function* (
  collection: Documents,
  fields: readonly string[],
  after: Place | undefined,
  fixed: Document = {},
): AsyncGenerator<Document, void, undefined> {
  const [field = "_id", ...deeper] = fields;
  const [from, ...rest] = after ?? [];
  const beyond = (value: string | number | undefined): Document =>
    value === undefined ? fixed : { ...fixed, [field]: { $gt: stored(value) } };
  if (deeper.length === 0) {
    yield* collection.find(beyond(from)).sort({ [field]: 1 });
    return;
  }
  if (from !== undefined) {
    yield* inOrder(collection, deeper, rest, { ...fixed, [field]: stored(from) });
  }
  for (let value = from; ;) {
    const [next] = await collection
      .find(beyond(value), { projection: { [field]: 1 } })
      .sort({ [field]: 1 })
      .limit(1)
      .toArray();
    if (next === undefined) return;
    value = next[field] as string | number;
    yield* inOrder(collection, deeper, undefined, { ...fixed, [field]: stored(value) });
  }
};

/** About the size of what a document carries. */
const sizeOf = (document: Document): number =>
  bytesOf(document["body"] ?? document["content"]).byteLength + 512;

/** Makes the function that reads one page of documents after a place; `records` turns them into records, all at once. */
export const pageOf = <T>(
  collection: Documents,
  fields: readonly string[],
  records: (documents: readonly Document[]) => Promise<readonly T[]> | readonly T[],
): ((after: string | undefined) => Promise<DumpPage<T>>) =>
  verb(async (after) => {
    const isFull = pageLimit();
    const documents: Document[] = [];
    for await (const document of inOrder(collection, fields, placeOf(after))) {
      documents.push(document);
      if (isFull(sizeOf(document))) break;
    }
    const last = documents.at(-1);
    return {
      records: [...(await records(documents))],
      ...(last === undefined
        ? {}
        : { last: placeText(fields.map((field) => last[field] as string | number)) }),
    };
  });

/** Each in the place of the one with its id. */
export const putAll = async (
  collection: Documents,
  documents: readonly (Document & { _id: string })[],
): Promise<void> => {
  if (documents.length === 0) return;
  await collection.deleteMany({ _id: { $in: documents.map(({ _id }) => _id) } });
  await collection.insertMany([...documents]);
};

/** Some at a time: no command takes long. */
export const clearAll = async (collection: Documents): Promise<void> => {
  for (;;) {
    const some = await collection
      .find({}, { projection: { _id: 1 } })
      .limit(1000)
      .toArray();
    if (some.length === 0) return;
    await collection.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
  }
};
