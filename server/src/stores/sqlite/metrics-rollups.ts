import type Database from "better-sqlite3";
import type { Rollup, RollupQuery, CompactedRange, MetricRecord } from "../model/metric-store.ts";
import { byMasterInstance, TIMED_TYPES, toRanges } from "../shared/samples.ts";

type Key = Pick<MetricRecord, "masterInstanceId" | "seq">;

export type RollupsTable = {
  readonly read: (runId: string, query: RollupQuery) => Rollup[];
  readonly compacted: (runId: string) => CompactedRange[];
  readonly isCompacted: (row: Key & { readonly runId: string }) => boolean;
  readonly compact: (runId: string, records: readonly Key[], rollups: readonly Rollup[]) => boolean;
  readonly uncompacted: (beforeSecond: number) => { runId: string; second: number }[];
  readonly expire: (level: number, beforeStart: number, keptRunIds: readonly string[]) => void;
  readonly deleteRun: (runId: string) => void;
};

/** Thrown to undo what the transaction has done so far. */
class RowIsGone extends Error {}

const COLUMNS = "runId, series, level, start, body";

/** The smallest value of a column over the records that have a second: one step in the index for each type. */
const ofTimedTypes = (select: string, column: string, where: string): string =>
  `${select} FROM (${TIMED_TYPES.map(
    (type) =>
      `SELECT min(${column}) AS ${column} FROM metrics_timeseries WHERE type = ${type} AND second > 0 AND ${where}`,
  ).join(" UNION ALL ")})`;

const readsOf = (db: Database.Database) => ({
  ofSeries: db.prepare<unknown[], Rollup>(
    `SELECT ${COLUMNS} FROM metrics_rollups
     WHERE runId = ? AND level = ? AND series = ? AND start BETWEEN ? AND ? ORDER BY start`,
  ),
  ofEndpoints: db.prepare<unknown[], Rollup>(
    `SELECT ${COLUMNS} FROM metrics_rollups WHERE runId = ? AND level = ? AND start BETWEEN ? AND ?
     AND length(series) = 16 ORDER BY series, start`,
  ),
  ranges: db.prepare<unknown[], CompactedRange>(
    "SELECT masterInstanceId, fromSeq, toSeq FROM metrics_compacted WHERE runId = ? ORDER BY masterInstanceId, fromSeq",
  ),
  holding: db.prepare<unknown[]>(
    "SELECT 1 FROM metrics_compacted WHERE runId = ? AND masterInstanceId = ? AND fromSeq <= ? AND toSeq >= ?",
  ),
  nextRun: db.prepare<unknown[], { runId: string | null }>(
    ofTimedTypes("SELECT min(runId) AS runId", "runId", "runId > @after"),
  ),
  oldest: db.prepare<unknown[], { second: number | null }>(
    ofTimedTypes("SELECT min(second) AS second", "second", "runId = @runId AND second < @before"),
  ),
});

const writesOf = (db: Database.Database) => ({
  put: db.prepare<unknown[]>(
    `INSERT INTO metrics_rollups (${COLUMNS}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runId, level, series, start) DO UPDATE SET body = excluded.body`,
  ),
  removeRow: db.prepare<unknown[]>(
    "DELETE FROM metrics_timeseries WHERE runId = ? AND masterInstanceId = ? AND seq = ?",
  ),
  touching: db.prepare<unknown[], { fromSeq: number; toSeq: number }>(
    `SELECT fromSeq, toSeq FROM metrics_compacted
     WHERE runId = ? AND masterInstanceId = ? AND fromSeq <= ? AND toSeq >= ?`,
  ),
  removeRange: db.prepare<unknown[]>(
    "DELETE FROM metrics_compacted WHERE runId = ? AND masterInstanceId = ? AND fromSeq = ?",
  ),
  addRange: db.prepare<unknown[]>(
    "INSERT INTO metrics_compacted (runId, masterInstanceId, fromSeq, toSeq) VALUES (?, ?, ?, ?)",
  ),
  deleteRollups: db.prepare<unknown[]>("DELETE FROM metrics_rollups WHERE runId = ?"),
  deleteRanges: db.prepare<unknown[]>("DELETE FROM metrics_compacted WHERE runId = ?"),
  expire: db.prepare<unknown[]>(
    `DELETE FROM metrics_rollups WHERE level = ? AND start < ?
     AND runId NOT IN (SELECT value FROM json_each(?))`,
  ),
});

/** Replaces records by rollups, within one transaction. Throws RowIsGone where one of the records is not there. */
const compactor = (db: Database.Database, writes: ReturnType<typeof writesOf>) => {
  const { put, removeRow, touching, removeRange, addRange } = writes;
  /** Ranges that touch become one. */
  const addCompacted = (
    runId: string,
    { masterInstanceId }: Key,
    from: number,
    to: number,
  ): void => {
    let [fromSeq, toSeq] = [from, to];
    for (const range of touching.all(runId, masterInstanceId, to + 1, from - 1)) {
      fromSeq = Math.min(fromSeq, range.fromSeq);
      toSeq = Math.max(toSeq, range.toSeq);
      removeRange.run(runId, masterInstanceId, range.fromSeq);
    }
    addRange.run(runId, masterInstanceId, fromSeq, toSeq);
  };

  return db.transaction(
    (runId: string, records: readonly Key[], rollups: readonly Rollup[]): void => {
      for (const ofInstance of byMasterInstance(records)) {
        const [first] = ofInstance;
        if (first === undefined) continue;
        for (const { masterInstanceId, seq } of ofInstance) {
          if (removeRow.run(runId, masterInstanceId, seq).changes !== 1) throw new RowIsGone();
        }
        for (const [from, to] of toRanges(ofInstance.map(({ seq }) => seq)))
          addCompacted(runId, first, from, to);
      }
      // A long window reads one level of each series: those of a level lie side by side in the file.
      for (const { series, level, start, body } of rollups.toSorted((a, b) => a.level - b.level))
        put.run(runId, series, level, start, body);
    },
  );
};

export const rollupsTable = (db: Database.Database): RollupsTable => {
  const { ofSeries, ofEndpoints, ranges, holding, nextRun, oldest } = readsOf(db);
  const writes = writesOf(db);
  const compactAll = compactor(db, writes);
  return {
    read: (runId, { level, series, fromStart, toStart }) =>
      series === "endpoints"
        ? ofEndpoints.all(runId, level, fromStart, toStart)
        : series.flatMap((one) => ofSeries.all(runId, level, one, fromStart, toStart)),
    compacted: (runId) => ranges.all(runId),
    isCompacted: ({ runId, masterInstanceId, seq }) =>
      holding.get(runId, masterInstanceId, seq, seq) !== undefined,
    compact: (runId, records, rollups) => {
      try {
        compactAll.immediate(runId, records, rollups);
        return true;
      } catch (error) {
        if (error instanceof RowIsGone) return false;
        throw error;
      }
    },
    uncompacted: (beforeSecond) => {
      const found: { runId: string; second: number }[] = [];
      const next = (after: string) => nextRun.get({ after })?.runId;
      for (let runId = next(""); runId != null; runId = next(runId)) {
        const second = oldest.get({ runId, before: beforeSecond })?.second;
        if (second != null) found.push({ runId, second });
      }
      return found;
    },
    expire: (level, beforeStart, keptRunIds) => {
      writes.expire.run(level, beforeStart, JSON.stringify(keptRunIds));
    },
    deleteRun: (runId) => {
      writes.deleteRollups.run(runId);
      writes.deleteRanges.run(runId);
    },
  };
};
