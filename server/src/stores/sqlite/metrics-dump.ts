import type Database from "better-sqlite3";
import { type DumpPage, type DumpRecords, pageLimit, placeOf, placeText } from "../dump.ts";
import type { Block, MergedRange, SampleRow } from "../ports.ts";

export type MetricKind = "metrics_timeseries" | "metrics_blocks" | "metrics_merged";
type AnyRecord = DumpRecords[MetricKind];

/** The metrics' part of the dump, on the thread that owns the file. */
export type MetricsDump = {
  readonly walk: (kind: MetricKind, after: string | undefined) => DumpPage<AnyRecord>;
  readonly put: (kind: MetricKind, records: readonly AnyRecord[]) => void;
  readonly count: (kind: MetricKind) => number;
  readonly clear: (kind: MetricKind) => void;
};

const copied = <T extends { readonly body: Uint8Array }>(one: T): T => ({
  ...one,
  body: Uint8Array.from(one.body),
});

export const metricsDump = (db: Database.Database): MetricsDump => {
  const rows = db.prepare<unknown[], SampleRow & { rowId: number }>(
    `SELECT rowId, runId, attempt, boot, seq, type, second, body FROM metrics_timeseries
     WHERE rowId > ? ORDER BY rowId`,
  );
  const blockColumns = "runId, series, level, start, body";
  const firstBlocks = db.prepare<unknown[], Block>(
    `SELECT ${blockColumns} FROM metrics_blocks ORDER BY runId, level, series, start`,
  );
  const blocks = db.prepare<unknown[], Block>(
    `SELECT ${blockColumns} FROM metrics_blocks WHERE (runId, level, series, start) > (?, ?, ?, ?)
     ORDER BY runId, level, series, start`,
  );
  const nextMerged = db.prepare<unknown[], { runId: string | null }>(
    "SELECT min(runId) AS runId FROM metrics_merged WHERE runId > ?",
  );
  const ranges = db.prepare<unknown[], MergedRange>(
    "SELECT attempt, boot, fromSeq, toSeq FROM metrics_merged WHERE runId = ? ORDER BY boot, attempt, fromSeq",
  );
  const putRow = db.prepare<unknown[]>(
    `INSERT INTO metrics_timeseries (runId, attempt, boot, seq, type, second, body) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (runId, boot, seq, attempt) DO UPDATE SET type = excluded.type, second = excluded.second, body = excluded.body`,
  );
  const putBlock = db.prepare<unknown[]>(
    `INSERT INTO metrics_blocks (${blockColumns}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runId, level, series, start) DO UPDATE SET body = excluded.body`,
  );
  const clearMerged = db.prepare<unknown[]>("DELETE FROM metrics_merged WHERE runId = ?");
  const putMerged = db.prepare<unknown[]>(
    "INSERT INTO metrics_merged (runId, boot, attempt, fromSeq, toSeq) VALUES (?, ?, ?, ?, ?)",
  );

  const page = <Row extends { readonly body: Uint8Array }, T>(
    found: Iterable<Row>,
    record: (row: Row) => T,
    place: (row: Row) => readonly (string | number)[],
  ): DumpPage<T> => {
    const isFull = pageLimit();
    const records: T[] = [];
    let last: Row | undefined;
    for (const row of found) {
      last = row;
      records.push(record(row));
      if (isFull(row.body.byteLength)) break;
    }
    return { records, ...(last === undefined ? {} : { last: placeText(place(last)) }) };
  };

  const walkMerged = (after: string | undefined): DumpPage<DumpRecords["metrics_merged"]> => {
    const isFull = pageLimit();
    const records: { runId: string; merged: MergedRange[] }[] = [];
    for (let runId = nextMerged.get(after ?? "")?.runId; runId != null;) {
      records.push({ runId, merged: ranges.all(runId) });
      if (isFull(64 * (records.at(-1)?.merged.length ?? 0))) break;
      runId = nextMerged.get(runId)?.runId;
    }
    const last = records.at(-1)?.runId;
    return { records, ...(last === undefined ? {} : { last }) };
  };

  const putOne = (record: AnyRecord): void => {
    if ("merged" in record) {
      clearMerged.run(record.runId);
      for (const { boot, attempt, fromSeq, toSeq } of record.merged) {
        putMerged.run(record.runId, boot, attempt, fromSeq, toSeq);
      }
    } else if ("series" in record) {
      const { runId, series, level, start, body } = record;
      putBlock.run(runId, series, level, start, body);
    } else {
      const { runId, attempt, boot, seq, type, second, body } = record;
      putRow.run(runId, attempt, boot, seq, type, second, body);
    }
  };
  const putAll = db.transaction((records: readonly AnyRecord[]) => records.forEach(putOne));

  return {
    walk: (kind, after) => {
      const place = placeOf(kind === "metrics_merged" ? undefined : after);
      switch (kind) {
        case "metrics_timeseries":
          return page(
            rows.iterate(...(place ?? [0])),
            ({ runId, attempt, boot, seq, type, second, body }) =>
              copied({ runId, attempt, boot, seq, type, second, body }),
            ({ rowId }) => [rowId],
          );
        case "metrics_blocks":
          return page(
            place === undefined ? firstBlocks.iterate() : blocks.iterate(...place),
            copied,
            ({ runId, level, series, start }) => [runId, level, series, start],
          );
        case "metrics_merged":
          return walkMerged(after);
      }
    },
    put: (_kind, records) => {
      putAll.immediate(records);
    },
    count: (kind) => {
      const what = kind === "metrics_merged" ? "count(DISTINCT runId)" : "count(*)";
      const found = db.prepare<unknown[], { count: number }>(
        `SELECT ${what} AS count FROM ${kind}`,
      );
      return found.get()?.count ?? 0;
    },
    clear: (kind) => {
      db.exec(`DELETE FROM ${kind}`);
    },
  };
};
