import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { RunGuard, RunStore } from "../ports.ts";
import { taken, updatedRun } from "../shared/apply-patch.ts";
import { listingOf } from "../shared/listing.ts";
import { nameKey } from "../shared/text.ts";
import { isDuplicate, type Control } from "./control.ts";
import { parsed } from "./document.ts";
import { listRows } from "./list-sql.ts";

/** The columns beside `id`, in the order of `runValues`. */
export const RUN_COLUMNS = [
  "accountId",
  "orgId",
  "projectId",
  "envId",
  "loadTestId",
  "locustClusterId",
  "externalKey",
  "nameKey",
  "tags",
  "status",
  "startedAt",
  "finishedAt",
  "settledAt",
  "createdAt",
  "version",
  "document",
];

export const runValues = (run: LoadTestRun) => [
  run.accountId,
  run.orgId,
  run.projectId,
  run.envId ?? null,
  run.loadTestId ?? null,
  run.locustClusterId,
  run.externalKey ?? null,
  nameKey(run.name),
  JSON.stringify(run.tags),
  run.status,
  run.startedAt ?? null,
  run.finishedAt ?? null,
  run.settledAt ?? null,
  run.createdAt,
  run.version,
  JSON.stringify(run),
];

const INSERT = `INSERT INTO load_test_runs (id, ${RUN_COLUMNS.join(", ")}) VALUES (?, ${RUN_COLUMNS.map(() => "?").join(", ")})`;
const UPDATE = `UPDATE load_test_runs SET ${RUN_COLUMNS.map((column) => `${column} = ?`).join(", ")} WHERE id = ?`;
/** A record of a run that is gone would never be deleted: it is not made. */
const SET_LIVE = `
  INSERT INTO run_live (runId, timestamp, document)
  SELECT id, ?, ? FROM load_test_runs WHERE id = ?
  ON CONFLICT (runId) DO UPDATE SET timestamp = excluded.timestamp, document = excluded.document
  WHERE excluded.timestamp >= run_live.timestamp`;

/** Texts that a user writes about a run, as long as they like: no end of a run needs them. */
const isNote = (patch: Parameters<RunStore["update"]>[2]): boolean =>
  patch.status === undefined && ("notes" in patch || "name" in patch || "tags" in patch);

type Row = { readonly document: string };
const runOf = ({ document }: Row) => parsed<LoadTestRun>(document);

export const sqliteRuns = (db: Control): RunStore => {
  const read = (id: string): LoadTestRun | undefined => {
    const row = db.get<Row>("SELECT document FROM load_test_runs WHERE id = ?", id);
    return row && runOf(row);
  };
  const write = (
    id: string,
    guard: RunGuard,
    patch: Parameters<RunStore["update"]>[2],
  ): LoadTestRun | undefined => {
    const stored = read(id);
    const next = stored && updatedRun(stored, guard, patch);
    if (next === undefined) return undefined;
    db.run(UPDATE, ...runValues(next), id);
    return structuredClone(next);
  };
  const [note, advance] = [db.adding(write), db.ending(write)];
  return {
    create: db.adding((run) => {
      try {
        db.run(INSERT, run.id, ...runValues(run));
      } catch (error) {
        throw isDuplicate(error) ? taken("run", run.id) : error;
      }
    }),
    get: db.verb(read),
    list: db.verb((query, visible) =>
      listRows<LoadTestRun>(db, "load_test_runs", listingOf(query, visible)),
    ),
    update: (id, guard, patch) => (isNote(patch) ? note : advance)(id, guard, patch),
    delete: db.ending(
      (id, version) =>
        db.run("DELETE FROM load_test_runs WHERE id = ? AND version = ?", id, version) === 1,
    ),
    // One by one: a damaged page under one run must not hide the others from who looks after them.
    unsettled: db.verb(() =>
      db
        .all<{ id: string }>(
          "SELECT id FROM load_test_runs WHERE settledAt IS NULL ORDER BY createdAt, id",
        )
        .map(({ id }) => db.readable(() => read(id)))
        .filter((run) => run !== undefined),
    ),
    findExternal: db.verb((locustClusterId, externalKey) => {
      const row = db.get<Row>(
        `SELECT document FROM load_test_runs WHERE locustClusterId = ? AND externalKey = ?
         ORDER BY createdAt DESC, id DESC LIMIT 1`,
        locustClusterId,
        externalKey,
      );
      return row && runOf(row);
    }),
    kept: db.verb(() =>
      db
        .all<{ id: string }>("SELECT id FROM load_test_runs WHERE document ->> '$.keep' = 1")
        .map(({ id }) => id),
    ),
    count: db.verb((loadTestId, statuses) => {
      const row = db.get<{ count: number }>(
        `SELECT count(*) AS count FROM load_test_runs WHERE loadTestId = ?
         AND status IN (SELECT value FROM json_each(?))`,
        loadTestId,
        JSON.stringify(statuses),
      );
      return row?.count ?? 0;
    }),
    setLive: db.ending((runId, live) => {
      db.run(SET_LIVE, live.timestamp, JSON.stringify(live), runId);
    }),
    getLive: db.verb((runIds) => {
      const rows = db.all<Row & { readonly runId: string }>(
        "SELECT runId, document FROM run_live WHERE runId IN (SELECT value FROM json_each(?))",
        JSON.stringify(runIds),
      );
      return new Map(rows.map(({ runId, document }) => [runId, parsed<MetricSnapshot>(document)]));
    }),
  };
};
