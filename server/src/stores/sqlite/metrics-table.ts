import type Database from "better-sqlite3";
import type { AppendResult, MetricRecord } from "../model/metric-store.ts";
import { sameRecord, TIMED_TYPES } from "../shared/samples.ts";

const COLUMNS = "runId, masterInstanceId, seq, type, second, body";
const ORDER = "ORDER BY masterInstanceId, seq";
/** Rows that one delete takes: between two of them other work has its turn. */
const DELETED_AT_ONCE = 2000;

export type MetricsTable = {
  /** Within the caller's transaction. */
  readonly insert: (rows: readonly MetricRecord[]) => AppendResult;
  readonly read: (
    runId: string,
    range: { readonly fromSecond?: number; readonly toSecond?: number } | undefined,
  ) => MetricRecord[];
  readonly readAfter: (
    runId: string,
    cursor: ReadonlyMap<string, number>,
    limit: number,
  ) => MetricRecord[];
  /** Takes some rows of the run away; false where none is left. */
  readonly deleteSome: (runId: string) => boolean;
};

export const metricsTable = (
  db: Database.Database,
  isCompacted: (row: MetricRecord) => boolean,
): MetricsTable => {
  const insert = db.prepare<unknown[]>(
    `INSERT INTO metrics_timeseries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const stored = db.prepare<unknown[], Pick<MetricRecord, "type" | "second" | "body">>(
    "SELECT type, second, body FROM metrics_timeseries WHERE runId = ? AND masterInstanceId = ? AND seq = ?",
  );
  const all = db.prepare<unknown[], MetricRecord>(
    `SELECT ${COLUMNS} FROM metrics_timeseries WHERE runId = ? ${ORDER}`,
  );
  const ranged = db.prepare<unknown[], MetricRecord>(
    `SELECT ${COLUMNS} FROM metrics_timeseries INDEXED BY metrics_timeseries_run_second_idx
     WHERE type IN (${TIMED_TYPES.join(", ")}) AND runId = ? AND second > 0 AND second BETWEEN ? AND ? ${ORDER}`,
  );
  /** The next master instance of a run: one step in the unique index, however many rows a master instance has. */
  const nextInstance = db.prepare<unknown[], { masterInstanceId: string | null }>(
    "SELECT min(masterInstanceId) AS masterInstanceId FROM metrics_timeseries WHERE runId = ? AND masterInstanceId > ?",
  );
  const ofInstance = db.prepare<unknown[], MetricRecord>(
    `SELECT ${COLUMNS} FROM metrics_timeseries WHERE runId = ? AND masterInstanceId = ? AND seq > ? ${ORDER} LIMIT ?`,
  );
  const remove = db.prepare<unknown[]>(
    `DELETE FROM metrics_timeseries WHERE rowId IN
     (SELECT rowId FROM metrics_timeseries WHERE runId = ? LIMIT ${DELETED_AT_ONCE})`,
  );
  const readAfter: MetricsTable["readAfter"] = (runId, cursor, limit) => {
    const rows: MetricRecord[] = [];
    for (let masterInstanceId = ""; rows.length < limit;) {
      const next = nextInstance.get(runId, masterInstanceId)?.masterInstanceId;
      if (next === undefined || next === null) break;
      masterInstanceId = next;
      rows.push(
        ...ofInstance.all(
          runId,
          masterInstanceId,
          cursor.get(masterInstanceId) ?? -1,
          limit - rows.length,
        ),
      );
    }
    return rows;
  };
  return {
    insert: (rows) => {
      const inserted: number[] = [];
      const conflicting: number[] = [];
      for (const [index, row] of rows.entries()) {
        if (isCompacted(row)) continue;
        const { runId, masterInstanceId, seq, type, second, body } = row;
        if (insert.run(runId, masterInstanceId, seq, type, second, body).changes === 1) {
          inserted.push(index);
          continue;
        }
        const first = stored.get(runId, masterInstanceId, seq);
        if (first !== undefined && !sameRecord(first, row)) conflicting.push(index);
      }
      return { inserted, conflicting };
    },
    read: (runId, range) =>
      range?.fromSecond === undefined && range?.toSecond === undefined
        ? all.all(runId)
        : ranged.all(runId, range.fromSecond ?? 0, range.toSecond ?? Number.MAX_SAFE_INTEGER),
    readAfter,
    deleteSome: (runId) => remove.run(runId).changes === DELETED_AT_ONCE,
  };
};
