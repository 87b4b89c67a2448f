import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Page } from "../ports.ts";
import { pageOfListing, type Listing } from "../shared/listing.ts";
import type { Control } from "./control.ts";
import { parsed } from "./document.ts";

/** Below every time there is (JavaScript's earliest is -8.64e15): absent values sort there, as in the other stores. */
const ABSENT = -9_000_000_000_000_000;

const sortColumn = (field: Listing["field"]): string => {
  if (field === "name") return "nameKey";
  return field === "createdAt" ? "createdAt" : `ifnull(${field}, ${ABSENT})`;
};

type Condition = readonly [sql: string, ...values: (string | number)[]];

const conditionsOf = (listing: Listing): Condition[] => {
  const { scope, part, tags, loadTestId, statuses, from, to, after, field, descending } = listing;
  const conditions: Condition[] = scope.map(({ level, is }) => [`${level} = ?`, is]);
  if (part !== "") conditions.push(["instr(nameKey, ?) > 0", part]);
  for (const tag of tags) {
    conditions.push(["EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", tag]);
  }
  if (loadTestId !== undefined) conditions.push(["loadTestId = ?", loadTestId]);
  if (statuses.length > 0) {
    conditions.push([`status IN (${statuses.map(() => "?").join(", ")})`, ...statuses]);
  }
  if (from !== undefined) conditions.push(["createdAt >= ?", from]);
  if (to !== undefined) conditions.push(["createdAt < ?", to]);
  if (after !== undefined) {
    const sql = `(${sortColumn(field)}, id) ${descending ? "<" : ">"} (?, ?)`;
    conditions.push([sql, after.value ?? ABSENT, after.id]);
  }
  return conditions;
};

export const listRows = <T extends LoadTest | LoadTestRun>(
  db: Control,
  table: "load_tests" | "load_test_runs",
  listing: Listing,
): Page<T> => {
  const conditions = conditionsOf(listing);
  const where =
    conditions.length === 0 ? "" : `WHERE ${conditions.map(([sql]) => sql).join(" AND ")}`;
  const direction = listing.descending ? "DESC" : "ASC";
  const rows = db.all<{ document: string }>(
    `SELECT document FROM ${table} ${where}
     ORDER BY ${sortColumn(listing.field)} ${direction}, id ${direction} LIMIT ?`,
    ...conditions.flatMap(([, ...values]) => values),
    listing.limit + 1,
  );
  return pageOfListing(
    rows.map(({ document }) => parsed<T>(document)),
    listing,
  );
};
