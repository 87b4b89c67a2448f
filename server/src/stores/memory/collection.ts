import { compareText, hasWordStart } from "../../lib/text.ts";
import type { Collection, ColumnCondition, Condition } from "../model/collection.ts";
import type { Description } from "../model/description.ts";
import type { Described } from "../shared/assemble.ts";
import { changed, isSeen, ownership, raised, uniques } from "../shared/change.ts";
import { clone } from "../../lib/clone.ts";
import { keyOf, orderOf, readerOf, type Value } from "../shared/columns.ts";
import type { Place } from "../shared/cursor.ts";
import { type Listing, listingOf, pageOfListing, placesIn } from "../shared/listing.ts";
import { ofMap } from "./dump.ts";

type Test = (value: Value) => boolean;

const testOf = (condition: ColumnCondition): Test => {
  if ("is" in condition) {
    const { is } = condition;
    return is === null ? (value) => value === undefined : (value) => value === is;
  }
  if ("in" in condition) {
    return (value) => typeof value === "string" && condition.in.includes(value);
  }
  if ("wordStart" in condition) {
    return (value) => typeof value === "string" && hasWordStart(value, condition.wordStart);
  }
  if ("all" in condition) {
    return (value) =>
      typeof value === "object" && condition.all.every((one) => value.includes(one));
  }
  const { from = -Infinity, to = Infinity } = condition;
  return (value) => typeof value === "number" && value >= from && value < to;
};

const comparePlaces = (a: Place, b: Place): number => {
  if (typeof a.value === "string" && typeof b.value === "string") {
    return compareText(a.value, b.value) || compareText(a.id, b.id);
  }
  const [left, right] = [Number(a.value ?? -Infinity), Number(b.value ?? -Infinity)];
  return left < right ? -1 : left > right ? 1 : compareText(a.id, b.id);
};

const entityTest = <T extends object>(
  description: Description<T>,
  condition: Condition,
): ((entity: T) => boolean) => {
  if ("any" in condition) {
    const groups = condition.any.map((group) => group.map((one) => entityTest(description, one)));
    return (entity) => groups.some((tests) => tests.every((test) => test(entity)));
  }
  const [read, test] = [readerOf(description, condition.column), testOf(condition)];
  return (entity) => test(read(entity));
};

/** Finds entities of one map. What it returns is the map's own: callers copy it. */
const findIn = <T extends object>(description: Description<T>, byKey: ReadonlyMap<string, T>) => {
  const matching = (where: readonly Condition[]): T[] => {
    const tests = where.map((condition) => entityTest(description, condition));
    const found: T[] = [];
    for (const entity of byKey.values()) {
      if (tests.every((test) => test(entity))) found.push(entity);
    }
    return found;
  };
  const sorted = (
    where: readonly Condition[],
    {
      column,
      descending,
      after,
    }: Pick<Listing, "column" | "descending"> & { after?: Place | undefined },
  ): T[] => {
    const sign = descending ? -1 : 1;
    const placeOf = placesIn(description, column);
    return matching(where)
      .map((entity) => ({ entity, place: placeOf(entity) }))
      .filter(({ place }) => after === undefined || sign * comparePlaces(place, after) > 0)
      .toSorted((a, b) => sign * comparePlaces(a.place, b.place))
      .map(({ entity }) => entity);
  };
  return { matching, sorted };
};

/** A described collection in a map. `dependents`: the maps whose record with the same key goes with the entity. */
export const memoryCollection = <T extends object>(
  description: Description<T>,
  byKey: Map<string, T>,
  dependents: readonly Map<string, unknown>[],
): Described<T> => {
  const { matching, sorted } = findIn(description, byKey);
  const { ofChange, ofRaise } = ownership(description);
  const put = (entity: T): void => {
    byKey.set(keyOf(description, entity), clone(entity));
  };
  const collection: Collection<T> = {
    get: async (key) => clone(byKey.get(key)),
    list: async (query) => {
      const listing = listingOf(description, query);
      const found = sorted(listing.where, listing).slice(0, listing.limit + 1);
      return clone(pageOfListing(description, found, listing));
    },
    first: async (where, sort) => clone(sorted(where, orderOf(description, sort))[0]),
    all: async (where, sort) => clone(sorted(where, orderOf(description, sort))),
    keys: async (where) => matching(where).map((entity) => keyOf(description, entity)),
    count: async (where) => matching(where).length,
    insert: async (entity) => {
      const [key, ...others] = uniques(description, entity);
      if (byKey.has(keyOf(description, entity))) throw key?.error();
      const taken = others.find(({ where }) => matching(where).length > 0);
      if (taken !== undefined) throw taken.error();
      put(entity);
    },
    change: async (group, key, seen, patch) => {
      ofChange(group, seen, patch);
      const stored = byKey.get(key);
      const next = stored && changed(description, group, stored, seen, patch);
      if (next === undefined) return undefined;
      put(next);
      return clone(next);
    },
    raise: async (counter, key, fields) => {
      ofRaise(counter, fields);
      const stored = byKey.get(key);
      if (stored === undefined) return undefined;
      const { next, number } = raised(stored, counter, fields);
      put(next);
      return number;
    },
    delete: async (key, seen) => {
      if (!isSeen(byKey.get(key), seen)) return false;
      for (const records of dependents) records.delete(key);
      return byKey.delete(key);
    },
  };
  return { collection, dump: ofMap(byKey, (entity) => keyOf(description, entity)) };
};
