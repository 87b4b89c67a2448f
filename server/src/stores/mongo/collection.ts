import type { Db } from "mongodb";
import type { Collection, Condition, Seen } from "../model/collection.ts";
import type { Description } from "../model/description.ts";
import type { Described } from "../shared/assemble.ts";
import { changed, counterOf, ownership, uniques } from "../shared/change.ts";
import { fieldOf, orderOf } from "../shared/columns.ts";
import { listingOf, pageOfListing } from "../shared/listing.ts";
import { encodingOf, long } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { filterOf, listFilter, sortOf, stored } from "./query.ts";
import { clearAll, collectionOf, type Documents, pageOf, putAll } from "./walk.ts";

type Reads<T> = Pick<Collection<T>, "get" | "list" | "first" | "all" | "keys" | "count">;
type Writes<T> = Omit<Collection<T>, keyof Reads<T>>;

const readsOf = <T extends object>(documents: Documents, description: Description<T>): Reads<T> => {
  const { fromDocument } = encodingOf(description);
  const inOrder = (where: readonly Condition[], sort: string) =>
    documents.find(filterOf(description, where), { sort: sortOf(orderOf(description, sort)) });
  return {
    get: verb(async (key) => {
      const document = await documents.findOne({ _id: key });
      return document === null ? undefined : fromDocument(document);
    }),
    list: verb(async (query) => {
      const listing = listingOf(description, query);
      const found = documents.find(listFilter(description, listing), {
        sort: sortOf(listing),
        limit: listing.limit + 1,
      });
      return pageOfListing(description, await found.map(fromDocument).toArray(), listing);
    }),
    first: verb(async (where, sort) => {
      const [first] = await inOrder(where, sort).limit(1).toArray();
      return first === undefined ? undefined : fromDocument(first);
    }),
    all: verb(async (where, sort) => inOrder(where, sort).map(fromDocument).toArray()),
    keys: verb(async (where) =>
      documents
        .find(filterOf(description, where), { projection: { _id: 1 } })
        .map(({ _id }) => _id)
        .toArray(),
    ),
    count: verb(async (where) => documents.countDocuments(filterOf(description, where))),
  };
};

const writesOf = <T extends object>(
  db: Db,
  documents: Documents,
  description: Description<T>,
): Writes<T> => {
  const { toDocument, fromDocument, toUpdate } = encodingOf(description);
  const { ofChange, ofRaise } = ownership(description);
  const seenFilter = (key: string, seen: Seen) => ({
    _id: key,
    ...Object.fromEntries(Object.entries(seen).map(([field, value]) => [field, stored(value)])),
  });
  /** Raises the counter, and changes the fields, where the filter finds the entity. */
  const update = async (
    filter: { readonly _id: string },
    counter: string,
    patch: object,
  ): Promise<T | undefined> => {
    const { $set, $unset } = toUpdate(patch);
    const next = await documents.findOneAndUpdate(
      filter,
      {
        $inc: { [counter]: long(1) },
        ...(Object.keys($set).length === 0 ? {} : { $set }),
        ...(Object.keys($unset).length === 0 ? {} : { $unset }),
      },
      { returnDocument: "after" },
    );
    return next === null ? undefined : fromDocument(next);
  };
  return {
    insert: verb(async (entity) => {
      const document = toDocument(entity);
      const unique = uniques(description, entity);
      try {
        await documents.insertOne(document);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        for (const { where, error: taken } of unique) {
          if ((await documents.findOne(filterOf(description, where))) !== null) throw taken();
        }
        throw error;
      }
    }),
    change: verb(async (group, key, seen, patch) => {
      ofChange(group, seen, patch);
      if (description.check !== undefined) {
        // The change is checked against what was read; the counter in the filter keeps that true.
        const before = await documents.findOne({ _id: key });
        if (before === null) return undefined;
        const next = changed(description, group, fromDocument(before), seen, patch);
        if (next === undefined) return undefined;
      }
      return update(seenFilter(key, seen), counterOf(description, group), patch);
    }),
    raise: verb(async (counter, key, fields) => {
      ofRaise(counter, fields);
      const next = await update({ _id: key }, counter, fields);
      return next && Number(fieldOf(next, counter));
    }),
    delete: verb(async (key, seen) => {
      const { deletedCount } = await documents.deleteOne(seenFilter(key, seen));
      if (deletedCount !== 1) return false;
      for (const name of description.dependents ?? []) {
        await collectionOf(db, name).deleteMany({ _id: key });
      }
      return true;
    }),
  };
};

/** A described collection. Each write is one conditional write of one document, of the fields that the group owns. */
export const mongoCollection = <T extends object>(
  db: Db,
  description: Description<T>,
): Described<T> => {
  const documents = collectionOf(db, description.name);
  const { toDocument, fromDocument } = encodingOf(description);
  return {
    collection: { ...readsOf(documents, description), ...writesOf(db, documents, description) },
    dump: {
      walk: pageOf(documents, ["_id"], (found) => found.map(fromDocument)),
      put: verb(async (records) => putAll(documents, records.map(toDocument))),
      count: verb(() => documents.estimatedDocumentCount()),
      clear: verb(() => clearAll(documents)),
    },
  };
};
