import type { ScopeCount } from "@load-manager/contract/model/scope-count.ts";
import { compareText } from "../../lib/text.ts";
import type { Collection, Patch, Visible } from "./collection.ts";
import { changedSince, SCOPE_COLUMNS, visibleTo } from "./conditions.ts";
import { described } from "./description.ts";

export const SCOPE_COUNTS = described<ScopeCount>()({
  name: "scope_counts",
  label: "count of a scope",
  key: "id",
  columns: {
    ...SCOPE_COLUMNS,
    loadTests: { type: "integer" },
    updatedAt: { type: "integer", sort: true },
  },
  indexes: [
    { name: "account_org_project_idx", columns: ["accountId", "orgId", "projectId"] },
    { name: "updated_idx", columns: ["updatedAt", "id"] },
  ],
  freeMaps: [],
  groups: {
    count: { counter: "version", fields: ["loadTests", "deletedLoadTests", "updatedAt"] },
  },
  counters: {},
});

export type ScopeCountStore = {
  /** Rejects with AppError conflict where the scope has a count. */
  readonly create: (count: ScopeCount) => Promise<void>;
  readonly get: (id: string) => Promise<ScopeCount | undefined>;
  /** Those that have load tests, as far as they are visible, in the order of their levels. */
  readonly list: (visible: Visible) => Promise<ScopeCount[]>;
  readonly all: () => Promise<ScopeCount[]>;
  /** Those with `updatedAt` from then on, the newest first, so many at most. */
  readonly changedSince: (since: number, limit: number) => Promise<ScopeCount[]>;
  /** Sets the fields and `version + 1` where `version` still is the stored one; else `undefined`. */
  readonly update: (
    id: string,
    version: number,
    patch: Patch<Pick<ScopeCount, "loadTests" | "deletedLoadTests" | "updatedAt">>,
  ) => Promise<ScopeCount | undefined>;
  /** True where it was there at that version. */
  readonly delete: (id: string, version: number) => Promise<boolean>;
};

/** Counts are written by the verbs on load tests; deletions make room, so they are never refused. */
export const scopeCountStore = (collection: Collection<ScopeCount, "count">): ScopeCountStore => ({
  create: (count) => collection.insert(count, "adding"),
  get: collection.get,
  list: async (visible) => {
    const where = [...visibleTo(visible), { column: "loadTests", from: 1 }];
    const found = await collection.all(where, "updatedAt");
    return found.toSorted((a, b) => compareText(a.id, b.id));
  },
  all: () => collection.all([], "updatedAt"),
  changedSince: (since, limit) => changedSince(collection, since, limit),
  update: (id, version, patch) => collection.change("count", id, { version }, patch, "ending"),
  delete: (id, version) => collection.delete(id, { version }),
});
