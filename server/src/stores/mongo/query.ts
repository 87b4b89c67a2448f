import type { Document } from "mongodb";
import type { ColumnCondition, Condition } from "../model/collection.ts";
import type { Description } from "../model/description.ts";
import { columnOf, type Order } from "../shared/columns.ts";
import { IN_WORD, isWord } from "../../lib/text.ts";
import type { Listing } from "../shared/listing.ts";
import { long } from "./document.ts";

/** Nothing in it is a pattern. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** Numbers as they are stored. */
export const stored = <T>(value: T) => (typeof value === "number" ? long(value) : value);

const comparison = (condition: ColumnCondition): unknown => {
  if ("is" in condition) return stored(condition.is);
  if ("in" in condition) return { $in: [...condition.in] };
  if ("wordStart" in condition) {
    const { wordStart } = condition;
    const before = isWord(wordStart) ? `(?:^|[^${IN_WORD.slice(1)})` : "";
    return { $regex: `${before}${escaped(wordStart)}` };
  }
  if ("all" in condition) return { $all: [...condition.all] };
  const { from, to } = condition;
  return {
    ...(from === undefined ? {} : { $gte: long(from) }),
    ...(to === undefined ? {} : { $lt: long(to) }),
  };
};

/** What is after a place: by value, then by key; an entity without the value comes first, ascending. */
const afterPlace = ({ after, column, optional, descending }: Listing): Document[] => {
  if (after === undefined) return [];
  const beyond = descending ? "$lt" : "$gt";
  const { value, id } = after;
  const ties = { [column]: stored(value), _id: { [beyond]: id } };
  if (value !== null) {
    const others = [{ [column]: { [beyond]: stored(value) } }, ties];
    return [{ $or: descending && optional ? [...others, { [column]: null }] : others }];
  }
  // Every number is more than none.
  const present = { [column]: { $gte: long(Number.MIN_SAFE_INTEGER) } };
  return [{ $or: descending ? [ties] : [ties, present] }];
};

const conditionOf = <T extends object>(
  description: Description<T>,
  condition: Condition,
): Document => {
  if (!("any" in condition)) {
    columnOf(description, condition.column);
    return { [condition.column]: comparison(condition) };
  }
  const groups = condition.any.map((group) => filterOf(description, group));
  return groups.length === 0 ? { _id: { $in: [] } } : { $or: groups };
};

export const filterOf = <T extends object>(
  description: Description<T>,
  where: readonly Condition[],
  more: readonly Document[] = [],
): Document => {
  const all = [...where.map((condition) => conditionOf(description, condition)), ...more];
  return all.length === 0 ? {} : { $and: all };
};

export const sortOf = ({ column, descending }: Order): Record<string, 1 | -1> => {
  const way = descending ? -1 : 1;
  return { [column]: way, _id: way };
};

export const listFilter = <T extends object>(
  description: Description<T>,
  listing: Listing,
): Document => filterOf(description, listing.where, afterPlace(listing));
