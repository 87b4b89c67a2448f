import type { LoadTest, RecentRun } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestQuery } from "@load-manager/contract/api/load-test.ts";
import type { Collection, Page, Patch, Visible } from "./collection.ts";
import {
  changedSince,
  inScope,
  NAME_KEY,
  named,
  SCOPE_COLUMNS,
  tagged,
  visibleTo,
} from "./conditions.ts";
import { described } from "./description.ts";

export const LOAD_TESTS = described<LoadTest>()({
  name: "load_tests",
  label: "load test",
  key: "id",
  columns: {
    ...SCOPE_COLUMNS,
    nameKey: { ...NAME_KEY, sort: true },
    tags: { type: "texts" },
    lastRunAt: { type: "integer", optional: true, sort: true },
    createdAt: { type: "integer", sort: true },
    // Optional in its column only: SQLite adds it to the rows of earlier versions.
    updatedAt: { type: "integer", optional: true, sort: true },
  },
  indexes: [
    { name: "account_org_project_idx", columns: ["accountId", "orgId", "projectId"] },
    { name: "created_idx", columns: ["createdAt", "id"] },
    { name: "updated_idx", columns: ["updatedAt", "id"] },
  ],
  freeMaps: ["metadata", "environment", "scriptOptions"],
  groups: {
    definition: { counter: "version", without: ["recentRuns", "lastRunAt"] },
    // The end of a run also sets `updatedAt`, and is no edit.
    recentRuns: { counter: "recentRunsVersion", fields: ["recentRuns", "updatedAt"] },
  },
  counters: { lastRunNumber: ["lastRunAt"] },
});

export type LoadTestStore = {
  /** Rejects with AppError conflict where the id is taken. */
  readonly create: (loadTest: LoadTest) => Promise<void>;
  readonly get: (id: string) => Promise<LoadTest | undefined>;
  /** Those with `updatedAt` from then on, the newest first, so many at most. */
  readonly changedSince: (since: number, limit: number) => Promise<LoadTest[]>;
  /** Newest first unless `sort` says otherwise; ties broken by id; the cursor stays right under inserts and deletes. `q`: its words are starts of words of the name, without case; `tags`: all of them. */
  readonly list: (query: LoadTestQuery, visible: Visible) => Promise<Page<LoadTest>>;
  /** Sets the given fields and `version + 1` where `version` still is the stored one; else `undefined`. */
  readonly update: (
    id: string,
    version: number,
    patch: Patch<
      Omit<
        LoadTest,
        "id" | "version" | "recentRuns" | "recentRunsVersion" | "lastRunNumber" | "lastRunAt"
      >
    >,
  ) => Promise<LoadTest | undefined>;
  /** True where it was there at that version. */
  readonly delete: (id: string, version: number) => Promise<boolean>;
  /** Atomically raises `lastRunNumber` and sets `lastRunAt`; the new number, or `undefined` where the load test is gone. */
  readonly nextRunNumber: (id: string, at: number) => Promise<number | undefined>;
  /** Replaces `recentRuns` (and `updatedAt`, never `version`) where `recentRunsVersion` still is the stored one. */
  readonly setRecentRuns: (
    id: string,
    recentRunsVersion: number,
    recentRuns: readonly RecentRun[],
    updatedAt: number,
  ) => Promise<boolean>;
};

export const loadTestStore = (
  collection: Collection<LoadTest, "definition" | "recentRuns", "lastRunNumber">,
): LoadTestStore => ({
  changedSince: (since, limit) => changedSince(collection, since, limit),
  create: (loadTest) => collection.insert(loadTest, "adding"),
  get: collection.get,
  list: ({ sort, limit, cursor, ...query }, visible) =>
    collection.list({
      where: [...inScope(query), ...visibleTo(visible), ...named(query.q), ...tagged(query.tags)],
      sort,
      limit,
      cursor,
    }),
  update: (id, version, patch) => collection.change("definition", id, { version }, patch, "adding"),
  delete: (id, version) => collection.delete(id, { version }),
  nextRunNumber: (id, at) => collection.raise("lastRunNumber", id, { lastRunAt: at }, "adding"),
  setRecentRuns: async (id, recentRunsVersion, recentRuns, updatedAt) => {
    const patch = { recentRuns: [...recentRuns], updatedAt };
    const seen = { recentRunsVersion };
    return (await collection.change("recentRuns", id, seen, patch, "ending")) !== undefined;
  },
});
