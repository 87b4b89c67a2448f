import type Database from "better-sqlite3";
import type { Block, BlockQuery, MergedRange, SampleRow } from "../ports.ts";
import { byBoot, SAMPLE, toRanges } from "../shared/samples.ts";

type Key = Pick<SampleRow, "attempt" | "boot" | "seq">;

export type BlocksTable = {
  readonly read: (runId: string, query: BlockQuery) => Block[];
  readonly merged: (runId: string) => MergedRange[];
  readonly isMerged: (row: Key & { readonly runId: string }) => boolean;
  readonly merge: (runId: string, rows: readonly Key[], blocks: readonly Block[]) => boolean;
  readonly unmerged: (beforeSecond: number) => { runId: string; second: number }[];
  readonly expire: (level: number, beforeStart: number, keptRunIds: readonly string[]) => void;
  readonly deleteRun: (runId: string) => void;
};

/** Thrown to undo what the transaction has done so far. */
class RowIsGone extends Error {}

export const blocksTable = (db: Database.Database): BlocksTable => {
  const columns = "runId, series, level, start, body";
  const ofSeries = db.prepare<unknown[], Block>(
    `SELECT ${columns} FROM metrics_blocks
     WHERE runId = ? AND level = ? AND series = ? AND start BETWEEN ? AND ? ORDER BY start`,
  );
  const ofEndpoints = db.prepare<unknown[], Block>(
    `SELECT ${columns} FROM metrics_blocks WHERE runId = ? AND level = ? AND start BETWEEN ? AND ?
     AND length(series) = 16 ORDER BY series, start`,
  );
  const put = db.prepare<unknown[]>(
    `INSERT INTO metrics_blocks (${columns}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runId, level, series, start) DO UPDATE SET body = excluded.body`,
  );
  const removeRow = db.prepare<unknown[]>(
    "DELETE FROM metrics_timeseries WHERE runId = ? AND boot = ? AND seq = ? AND attempt = ?",
  );
  const ranges = db.prepare<unknown[], MergedRange>(
    "SELECT attempt, boot, fromSeq, toSeq FROM metrics_merged WHERE runId = ? ORDER BY boot, attempt, fromSeq",
  );
  const holding = db.prepare<unknown[]>(
    "SELECT 1 FROM metrics_merged WHERE runId = ? AND boot = ? AND attempt = ? AND fromSeq <= ? AND toSeq >= ?",
  );
  const touching = db.prepare<unknown[], { fromSeq: number; toSeq: number }>(
    `SELECT fromSeq, toSeq FROM metrics_merged
     WHERE runId = ? AND boot = ? AND attempt = ? AND fromSeq <= ? AND toSeq >= ?`,
  );
  const removeRange = db.prepare<unknown[]>(
    "DELETE FROM metrics_merged WHERE runId = ? AND boot = ? AND attempt = ? AND fromSeq = ?",
  );
  const addRange = db.prepare<unknown[]>(
    "INSERT INTO metrics_merged (runId, boot, attempt, fromSeq, toSeq) VALUES (?, ?, ?, ?, ?)",
  );
  const nextRun = db.prepare<unknown[], { runId: string | null }>(
    `SELECT min(runId) AS runId FROM metrics_timeseries WHERE type = ${SAMPLE} AND second > 0 AND runId > ?`,
  );
  const oldest = db.prepare<unknown[], { second: number | null }>(
    `SELECT min(second) AS second FROM metrics_timeseries WHERE type = ${SAMPLE} AND runId = ? AND second > 0 AND second < ?`,
  );
  const deleteBlocks = db.prepare<unknown[]>("DELETE FROM metrics_blocks WHERE runId = ?");
  const deleteRanges = db.prepare<unknown[]>("DELETE FROM metrics_merged WHERE runId = ?");
  const expire = db.prepare<unknown[]>(
    `DELETE FROM metrics_blocks WHERE level = ? AND start < ?
     AND runId NOT IN (SELECT value FROM json_each(?))`,
  );

  /** Ranges that touch become one. */
  const addMerged = (runId: string, { boot, attempt }: Key, from: number, to: number): void => {
    let [fromSeq, toSeq] = [from, to];
    for (const range of touching.all(runId, boot, attempt, to + 1, from - 1)) {
      fromSeq = Math.min(fromSeq, range.fromSeq);
      toSeq = Math.max(toSeq, range.toSeq);
      removeRange.run(runId, boot, attempt, range.fromSeq);
    }
    addRange.run(runId, boot, attempt, fromSeq, toSeq);
  };

  const mergeAll = db.transaction(
    (runId: string, rows: readonly Key[], blocks: readonly Block[]): void => {
      for (const ofBoot of byBoot(rows)) {
        const [first] = ofBoot;
        if (first === undefined) continue;
        for (const { boot, seq, attempt } of ofBoot) {
          if (removeRow.run(runId, boot, seq, attempt).changes !== 1) throw new RowIsGone();
        }
        for (const [from, to] of toRanges(ofBoot.map(({ seq }) => seq)))
          addMerged(runId, first, from, to);
      }
      for (const { series, level, start, body } of blocks)
        put.run(runId, series, level, start, body);
    },
  );

  return {
    read: (runId, { level, series, fromStart, toStart }) =>
      series === "endpoints"
        ? ofEndpoints.all(runId, level, fromStart, toStart)
        : series.flatMap((one) => ofSeries.all(runId, level, one, fromStart, toStart)),
    merged: (runId) => ranges.all(runId),
    isMerged: ({ runId, boot, attempt, seq }) =>
      holding.get(runId, boot, attempt, seq, seq) !== undefined,
    merge: (runId, rows, blocks) => {
      try {
        mergeAll.immediate(runId, rows, blocks);
        return true;
      } catch (error) {
        if (error instanceof RowIsGone) return false;
        throw error;
      }
    },
    unmerged: (beforeSecond) => {
      const found: { runId: string; second: number }[] = [];
      for (let runId = nextRun.get("")?.runId; runId != null; runId = nextRun.get(runId)?.runId) {
        const second = oldest.get(runId, beforeSecond)?.second;
        if (second != null) found.push({ runId, second });
      }
      return found;
    },
    expire: (level, beforeStart, keptRunIds) => {
      expire.run(level, beforeStart, JSON.stringify(keptRunIds));
    },
    deleteRun: (runId) => {
      deleteBlocks.run(runId);
      deleteRanges.run(runId);
    },
  };
};
