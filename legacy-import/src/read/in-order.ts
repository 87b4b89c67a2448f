import { compareText } from "@load-manager/server/lib/text.ts";
import type { Collection, Db, Document } from "mongodb";

/** Documents of one round trip. */
const BATCH = 500;
/** Named documents of one read. */
const PAGE = 2000;

type Named = Document & { readonly _id: string };

/** The documents in the order of their ids, after `last`. */
export const inOrder = (db: Db, name: string, last: { readonly id: unknown } | undefined) =>
  db
    .collection<Named>(name)
    .find(last === undefined ? {} : { _id: { $gt: String(last.id) } }, { batchSize: BATCH })
    .sort({ _id: 1 });

/**
 * Each item with the document that it names, if there is one. The items should come in the order of the ids that they name: the
 * documents are then read once, in pages in the same order. Looking them up by lists of ids takes minutes on servers that
 * compare each document with each id. A page is a read of its own, since a cursor that waits too long for its next read is closed.
 */
export const withNamed = async function* <T>(
  items: AsyncIterable<T>,
  idOf: (item: T) => string,
  collection: Collection<Named>,
): AsyncGenerator<readonly [T, Named | null]> {
  let page: Named[] = [];
  let at = 0;
  let before: string | undefined;
  const isBeyondPage = (id: string): boolean => {
    const last = page.length < PAGE ? undefined : page.at(-1);
    return last !== undefined && compareText(last._id, id) < 0;
  };
  for await (const item of items) {
    const id = idOf(item);
    if (before === undefined || compareText(id, before) < 0 || isBeyondPage(id)) {
      const own = collection.find({ _id: { $gte: id } }).sort({ _id: 1 });
      page = await own.limit(PAGE).toArray();
      at = 0;
    }
    before = id;
    for (let next = page[at]; next !== undefined && compareText(next._id, id) < 0; next = page[at])
      at += 1;
    const found = page[at];
    yield [item, found?._id === id ? found : null];
  }
};
