import type { LoadTest, LoadTestQuery } from "@load-manager/contract/load-test.ts";
import type { ScopeFilter } from "@load-manager/contract/primitives.ts";
import type { LoadTestRun, RunQuery } from "@load-manager/contract/run.ts";
import type { Page } from "../ports.ts";
import { decodeCursor, encodeCursor, type Place } from "./cursor.ts";
import { compareText, nameKey } from "./text.ts";

export const SCOPE_LEVELS = ["accountId", "orgId", "projectId", "envId"] as const;

/** What both lists understand, read once for all stores: names as keys, empty lists as no filter. */
export type Listing = {
  /** The levels that must be equal; two filters may name the same level differently, which nothing meets. */
  readonly scope: readonly { readonly level: keyof ScopeFilter; readonly is: string }[];
  /** A part of the name key. */
  readonly part: string;
  /** All of them. */
  readonly tags: readonly string[];
  readonly loadTestId?: string;
  /** One of them; empty: any. */
  readonly statuses: readonly string[];
  /** createdAt, inclusive, Unix ms. */
  readonly from?: number;
  /** createdAt, exclusive, Unix ms. */
  readonly to?: number;
  readonly sort: string;
  readonly field: "name" | "createdAt" | "lastRunAt" | "startedAt" | "finishedAt";
  readonly descending: boolean;
  readonly limit: number;
  /** Items after this one. */
  readonly after?: Place;
};

const scopeOf = (...filters: readonly ScopeFilter[]): Listing["scope"] =>
  filters.flatMap((filter) =>
    SCOPE_LEVELS.flatMap((level) => {
      const is = filter[level];
      return is === undefined ? [] : [{ level, is }];
    }),
  );

/** The text of `sort` says what is sorted by. A cursor that does not belong to it throws AppError validation. */
export const listingOf = (query: LoadTestQuery | RunQuery, visible: ScopeFilter): Listing => {
  const descending = query.sort.startsWith("-");
  const field = query.sort.replace(/^-/, "") as Listing["field"];
  const after = decodeCursor(query.cursor, query.sort, field === "name" ? "text" : "number");
  const run: Omit<Partial<RunQuery>, "sort"> = query;
  return {
    scope: scopeOf(query, visible),
    part: nameKey(query.q ?? ""),
    tags: query.tags ?? [],
    statuses: run.status ?? [],
    ...(run.loadTestId === undefined ? {} : { loadTestId: run.loadTestId }),
    ...(run.from === undefined ? {} : { from: run.from }),
    ...(run.to === undefined ? {} : { to: run.to }),
    sort: query.sort,
    field,
    descending,
    limit: query.limit,
    ...(after === undefined ? {} : { after }),
  };
};

type Listed = LoadTest | LoadTestRun;

/** The value sorted by; null where the item has none: below every other value, first ascending, last descending. */
const placeOf = (item: Listed, field: Listing["field"]): Place => {
  if (field === "name") return { value: nameKey(item.name), id: item.id };
  const times: { [K in Listing["field"]]?: unknown } = item;
  const value = times[field];
  return { value: typeof value === "number" ? value : null, id: item.id };
};

export const matches = (item: Listed, listing: Listing): boolean => {
  const run = "status" in item ? item : undefined;
  return (
    listing.scope.every(({ level, is }) => item[level] === is) &&
    (listing.part === "" || nameKey(item.name).includes(listing.part)) &&
    listing.tags.every((tag) => item.tags.includes(tag)) &&
    (listing.loadTestId === undefined || run?.loadTestId === listing.loadTestId) &&
    (listing.statuses.length === 0 || listing.statuses.includes(run?.status ?? "")) &&
    (listing.from === undefined || item.createdAt >= listing.from) &&
    (listing.to === undefined || item.createdAt < listing.to)
  );
};

export const comparePlaces = (a: Place, b: Place): number => {
  if (typeof a.value === "string" && typeof b.value === "string") {
    return compareText(a.value, b.value) || compareText(a.id, b.id);
  }
  const [left, right] = [Number(a.value ?? -Infinity), Number(b.value ?? -Infinity)];
  return left < right ? -1 : left > right ? 1 : compareText(a.id, b.id);
};

/** The page of items held in memory; the caller copies them. */
export const listInMemory = <T extends Listed>(items: Iterable<T>, listing: Listing): Page<T> => {
  const { after, field, descending } = listing;
  const sign = descending ? -1 : 1;
  const found = [...items]
    .filter((item) => matches(item, listing))
    .map((item) => ({ item, place: placeOf(item, field) }))
    .filter(({ place }) => after === undefined || sign * comparePlaces(place, after) > 0)
    .toSorted((a, b) => sign * comparePlaces(a.place, b.place));
  return pageOfListing(
    found.slice(0, listing.limit + 1).map(({ item }) => item),
    listing,
  );
};

/** Of one more row than the page holds: whether there is a next page. */
export const pageOf = <T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): Page<T> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined
    ? { items, nextCursor: cursorOf(last) }
    : { items };
};

export const pageOfListing = <T extends Listed>(rows: readonly T[], listing: Listing): Page<T> =>
  pageOf(rows, listing.limit, (last) => encodeCursor(listing.sort, placeOf(last, listing.field)));
