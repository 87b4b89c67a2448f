import type { Document } from "mongodb";
import type { Listing } from "../shared/listing.ts";
import { long } from "./document.ts";

/** Nothing in it is a pattern. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

const stored = (value: string | number | null) => (typeof value === "number" ? long(value) : value);

/** What is after a place: by value, then by id; an item without the value comes first, ascending. */
const afterPlace = ({ after, field, descending }: Listing, column: string): Document[] => {
  if (after === undefined) return [];
  const beyond = descending ? "$lt" : "$gt";
  const { value, id } = after;
  const ties = { [column]: stored(value), _id: { [beyond]: id } };
  if (value !== null) {
    const others = [{ [column]: { [beyond]: stored(value) } }, ties];
    return [{ $or: descending && field !== "name" ? [...others, { [column]: null }] : others }];
  }
  return [{ $or: descending ? [ties] : [ties, { [column]: { $gte: long(0) } }] }];
};

/** A listing as the server is asked for it. */
export const listFilter = (
  listing: Listing,
): { readonly filter: Document; readonly sort: Record<string, 1 | -1> } => {
  const column = listing.field === "name" ? "nameKey" : listing.field;
  const way = listing.descending ? -1 : 1;
  const conditions: Document[] = [
    ...listing.scope.map(({ level, is }) => ({ [level]: is })),
    ...(listing.part === "" ? [] : [{ nameKey: { $regex: escaped(listing.part) } }]),
    ...(listing.tags.length === 0 ? [] : [{ tags: { $all: [...listing.tags] } }]),
    ...(listing.loadTestId === undefined ? [] : [{ loadTestId: listing.loadTestId }]),
    ...(listing.statuses.length === 0 ? [] : [{ status: { $in: [...listing.statuses] } }]),
    ...(listing.from === undefined ? [] : [{ createdAt: { $gte: long(listing.from) } }]),
    ...(listing.to === undefined ? [] : [{ createdAt: { $lt: long(listing.to) } }]),
    ...afterPlace(listing, column),
  ];
  return {
    filter: conditions.length === 0 ? {} : { $and: conditions },
    sort: { [column]: way, _id: way },
  };
};
