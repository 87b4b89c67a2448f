import type { LoadTestFilter } from "../../api/queries.ts";

const SORTS = ["name", "-name", "createdAt", "-createdAt", "lastRunAt", "-lastRunAt"] as const;
type Sort = (typeof SORTS)[number];

/** What the address of the list may say. */
export type LoadTestsSearch = {
  readonly q?: string;
  /** Separated by commas: load tests that have all of them. */
  readonly tags?: string;
  readonly sort?: Sort;
  /** Whether the dialog for a new one is open. */
  readonly new?: true;
};

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;

export const loadTestsSearchOf = (search: Readonly<Record<string, unknown>>): LoadTestsSearch => {
  const [q, tags] = [textOf(search["q"]), textOf(search["tags"])];
  const sort = SORTS.find((one) => one === search["sort"]);
  return {
    ...(q === undefined ? {} : { q }),
    ...(tags === undefined ? {} : { tags }),
    ...(sort === undefined ? {} : { sort }),
    ...(search["new"] === true ? { new: true } : {}),
  };
};

/** Those that ran last come first. */
const DEFAULT_SORT: Sort = "-lastRunAt";

export const filterOf = ({
  q,
  tags,
  sort = DEFAULT_SORT,
}: LoadTestsSearch): LoadTestFilter & { readonly sort: Sort } => ({
  ...(q === undefined ? {} : { q }),
  ...(tags === undefined ? {} : { tags }),
  sort,
  limit: 50,
});
