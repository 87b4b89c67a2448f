import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import type { Condition } from "./collection.ts";
import { nameKey } from "../../lib/text.ts";
import type { Column } from "./description.ts";

/** Columns that most entities have. */
export const SCOPE_COLUMNS = {
  accountId: { type: "text" },
  orgId: { type: "text" },
  projectId: { type: "text" },
  envId: { type: "text", optional: true },
} as const satisfies Record<string, Column>;

/** The name as it is searched and sorted by: without case. */
export const NAME_KEY = {
  type: "text",
  derived: { from: "name", by: nameKey },
} as const satisfies Column;

const LEVELS = ["accountId", "orgId", "projectId", "envId"] as const;

/** Every named level must be equal; two filters may name a level differently, which nothing meets. */
export const inScope = (...filters: readonly ScopeFilter[]): Condition[] =>
  filters.flatMap((filter) =>
    LEVELS.flatMap((column) => {
      const is = filter[column];
      return is === undefined ? [] : [{ column, is }];
    }),
  );

/** The name contains the text, without case. */
export const named = (text: string | undefined): Condition[] => {
  const part = nameKey(text ?? "");
  return part === "" ? [] : [{ column: "nameKey", part }];
};

/** All of the tags are there. */
export const tagged = (tags: readonly string[] | undefined): Condition[] =>
  tags === undefined || tags.length === 0 ? [] : [{ column: "tags", all: tags }];
