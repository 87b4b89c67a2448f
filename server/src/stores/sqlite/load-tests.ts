import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { LoadTestStore } from "../ports.ts";
import { editedLoadTest, taken, withRecentRuns } from "../shared/apply-patch.ts";
import { listingOf } from "../shared/listing.ts";
import { nameKey } from "../shared/text.ts";
import { isDuplicate, type Control } from "./control.ts";
import { parsed } from "./document.ts";
import { listRows } from "./list-sql.ts";

/** The columns beside `id`, in the order of `loadTestValues`. */
export const LOAD_TEST_COLUMNS = [
  "accountId",
  "orgId",
  "projectId",
  "envId",
  "nameKey",
  "tags",
  "lastRunAt",
  "createdAt",
  "version",
  "document",
];

export const loadTestValues = (loadTest: LoadTest) => [
  loadTest.accountId,
  loadTest.orgId,
  loadTest.projectId,
  loadTest.envId ?? null,
  nameKey(loadTest.name),
  JSON.stringify(loadTest.tags),
  loadTest.lastRunAt ?? null,
  loadTest.createdAt,
  loadTest.version,
  JSON.stringify(loadTest),
];

const INSERT = `INSERT INTO load_tests (id, ${LOAD_TEST_COLUMNS.join(", ")}) VALUES (?, ${LOAD_TEST_COLUMNS.map(() => "?").join(", ")})`;
const UPDATE = `UPDATE load_tests SET ${LOAD_TEST_COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`;

export const sqliteLoadTests = (db: Control): LoadTestStore => {
  const read = (id: string): LoadTest | undefined => {
    const row = db.get<{ document: string }>("SELECT document FROM load_tests WHERE id = ?", id);
    return row && parsed<LoadTest>(row.document);
  };
  /** Nothing runs between the read that `next` was made from and this write: both are synchronous, on one thread. */
  const write = (next: LoadTest) => db.run(UPDATE, ...loadTestValues(next), next.id) === 1;
  return {
    create: db.adding((loadTest) => {
      try {
        db.run(INSERT, loadTest.id, ...loadTestValues(loadTest));
      } catch (error) {
        throw isDuplicate(error) ? taken("load test", loadTest.id) : error;
      }
    }),
    get: db.verb(read),
    list: db.verb((query, visible) =>
      listRows<LoadTest>(db, "load_tests", listingOf(query, visible)),
    ),
    update: db.adding((id, version, patch) => {
      const stored = read(id);
      const next = stored && editedLoadTest(stored, version, patch);
      return next && write(next) ? structuredClone(next) : undefined;
    }),
    delete: db.ending(
      (id, version) =>
        db.run("DELETE FROM load_tests WHERE id = ? AND version = ?", id, version) === 1,
    ),
    nextRunNumber: db.adding((id, at) => {
      const stored = read(id);
      if (stored === undefined) return undefined;
      const lastRunNumber = stored.lastRunNumber + 1;
      return write({ ...stored, lastRunNumber, lastRunAt: at }) ? lastRunNumber : undefined;
    }),
    setRecentRuns: db.ending((id, recentRunsVersion, recentRuns, updatedAt) => {
      const stored = read(id);
      const next = stored && withRecentRuns(stored, recentRunsVersion, recentRuns, updatedAt);
      return next !== undefined && write(next);
    }),
  };
};
