import type { Condition, ListQuery, Page } from "../model/collection.ts";
import type { Description } from "../model/description.ts";
import { keyOf, type Order, orderOf, readerOf } from "./columns.ts";
import { decodeCursor, encodeCursor, type Place } from "./cursor.ts";

/** A query of a list, read once for all stores. */
export type Listing = Order & {
  readonly where: readonly Condition[];
  readonly sort: string;
  readonly limit: number;
  /** Entities after this one. */
  readonly after: Place | undefined;
};

/** Throws AppError validation, field `cursor`, for a cursor that does not belong to the list. */
export const listingOf = <T extends object>(
  description: Description<T>,
  { where, sort, limit, cursor }: ListQuery,
): Listing => {
  const order = orderOf(description, sort);
  return { ...order, where, sort, limit, after: decodeCursor(cursor, sort, order.type) };
};

/** Reads an entity's place: the value sorted by (null: it has none) and the key. */
export const placesIn = <T extends object>(
  description: Description<T>,
  column: string,
): ((entity: T) => Place) => {
  const read = readerOf(description, column);
  return (entity) => {
    const value = read(entity);
    const sorted = typeof value === "string" || typeof value === "number" ? value : null;
    return { value: sorted, id: keyOf(description, entity) };
  };
};

/** Of one more record than the page holds: whether there is a next page. */
export const pageOf = <T>(
  records: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): Page<T> => {
  const items = records.slice(0, limit);
  const last = items.at(-1);
  return records.length > limit && last !== undefined
    ? { items, nextCursor: cursorOf(last) }
    : { items };
};

export const pageOfListing = <T extends object>(
  description: Description<T>,
  records: readonly T[],
  { column, sort, limit }: Listing,
): Page<T> =>
  pageOf(records, limit, (last) => encodeCursor(sort, placesIn(description, column)(last)));
