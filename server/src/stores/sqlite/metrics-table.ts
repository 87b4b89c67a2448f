import type Database from "better-sqlite3";
import type { AppendResult, SampleRow } from "../ports.ts";
import { sameRecord } from "../shared/samples.ts";

const COLUMNS = "runId, attempt, boot, seq, type, second, body";
const ORDER = "ORDER BY boot, seq, attempt";
/** Rows that one delete takes: between two of them other work has its turn. */
const DELETED_AT_ONCE = 2000;

export type MetricsTable = {
  /** Within the caller's transaction. */
  readonly insert: (rows: readonly SampleRow[]) => AppendResult;
  readonly read: (
    runId: string,
    range: { readonly fromSecond?: number; readonly toSecond?: number } | undefined,
  ) => SampleRow[];
  readonly readAfter: (
    runId: string,
    cursor: ReadonlyMap<string, number>,
    limit: number,
  ) => SampleRow[];
  /** Takes some rows of the run away; false where none is left. */
  readonly deleteSome: (runId: string) => boolean;
};

export const metricsTable = (
  db: Database.Database,
  isMerged: (row: SampleRow) => boolean,
): MetricsTable => {
  const insert = db.prepare<unknown[]>(
    `INSERT INTO metrics_timeseries (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const stored = db.prepare<unknown[], Pick<SampleRow, "type" | "second" | "body">>(
    "SELECT type, second, body FROM metrics_timeseries WHERE runId = ? AND boot = ? AND seq = ? AND attempt = ?",
  );
  const all = db.prepare<unknown[], SampleRow>(
    `SELECT ${COLUMNS} FROM metrics_timeseries WHERE runId = ? ${ORDER}`,
  );
  const ranged = db.prepare<unknown[], SampleRow>(
    `SELECT ${COLUMNS} FROM metrics_timeseries INDEXED BY metrics_run_second_idx
     WHERE type IN (2, 8) AND runId = ? AND second > 0 AND second BETWEEN ? AND ? ${ORDER}`,
  );
  /** The next boot of a run: one step in the unique index, however many rows a boot has. */
  const nextBoot = db.prepare<unknown[], { boot: string | null }>(
    "SELECT min(boot) AS boot FROM metrics_timeseries WHERE runId = ? AND boot > ?",
  );
  const ofBoot = db.prepare<unknown[], SampleRow>(
    `SELECT ${COLUMNS} FROM metrics_timeseries WHERE runId = ? AND boot = ? AND seq > ? ${ORDER} LIMIT ?`,
  );
  const remove = db.prepare<unknown[]>(
    `DELETE FROM metrics_timeseries WHERE rowId IN
     (SELECT rowId FROM metrics_timeseries WHERE runId = ? LIMIT ${DELETED_AT_ONCE})`,
  );
  const readAfter: MetricsTable["readAfter"] = (runId, cursor, limit) => {
    const rows: SampleRow[] = [];
    for (let boot = ""; rows.length < limit;) {
      const next = nextBoot.get(runId, boot)?.boot;
      if (next === undefined || next === null) break;
      boot = next;
      rows.push(...ofBoot.all(runId, boot, cursor.get(boot) ?? -1, limit - rows.length));
    }
    return rows;
  };
  return {
    insert: (rows) => {
      const inserted: number[] = [];
      const conflicting: number[] = [];
      for (const [index, row] of rows.entries()) {
        if (isMerged(row)) continue;
        const { runId, attempt, boot, seq, type, second, body } = row;
        if (insert.run(runId, attempt, boot, seq, type, second, body).changes === 1) {
          inserted.push(index);
          continue;
        }
        const first = stored.get(runId, boot, seq, attempt);
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
