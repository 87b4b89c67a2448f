import type Database from "better-sqlite3";
import type { DumpPage, DumpRecords } from "../dump.ts";
import type { Rollup, CompactedRange, MetricRecord } from "../model/metric-store.ts";
// Whatever this file loads is loaded once more, on the thread of metrics.db.
import { pageLimit, placeOf, placeText } from "../shared/pages.ts";

export type MetricKind = "metrics_timeseries" | "metrics_rollups" | "metrics_compacted";
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

const ROLLUP_COLUMNS = "runId, series, level, start, body";

const readsOf = (db: Database.Database) => ({
  rows: db.prepare<unknown[], MetricRecord & { rowId: number }>(
    `SELECT rowId, runId, masterInstanceId, seq, type, second, body FROM metrics_timeseries
     WHERE rowId > ? ORDER BY rowId`,
  ),
  firstRollups: db.prepare<unknown[], Rollup>(
    `SELECT ${ROLLUP_COLUMNS} FROM metrics_rollups ORDER BY runId, level, series, start`,
  ),
  rollups: db.prepare<unknown[], Rollup>(
    `SELECT ${ROLLUP_COLUMNS} FROM metrics_rollups WHERE (runId, level, series, start) > (?, ?, ?, ?)
     ORDER BY runId, level, series, start`,
  ),
  nextCompacted: db.prepare<unknown[], { runId: string | null }>(
    "SELECT min(runId) AS runId FROM metrics_compacted WHERE runId > ?",
  ),
  ranges: db.prepare<unknown[], CompactedRange>(
    "SELECT masterInstanceId, fromSeq, toSeq FROM metrics_compacted WHERE runId = ? ORDER BY masterInstanceId, fromSeq",
  ),
});
type Reads = ReturnType<typeof readsOf>;

const writesOf = (db: Database.Database) => ({
  putRow: db.prepare<unknown[]>(
    `INSERT INTO metrics_timeseries (runId, masterInstanceId, seq, type, second, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (runId, masterInstanceId, seq) DO UPDATE SET type = excluded.type, second = excluded.second, body = excluded.body`,
  ),
  putRollup: db.prepare<unknown[]>(
    `INSERT INTO metrics_rollups (${ROLLUP_COLUMNS}) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (runId, level, series, start) DO UPDATE SET body = excluded.body`,
  ),
  clearCompacted: db.prepare<unknown[]>("DELETE FROM metrics_compacted WHERE runId = ?"),
  putCompacted: db.prepare<unknown[]>(
    "INSERT INTO metrics_compacted (runId, masterInstanceId, fromSeq, toSeq) VALUES (?, ?, ?, ?)",
  ),
});

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

const walkCompacted = (
  { nextCompacted, ranges }: Reads,
  after: string | undefined,
): DumpPage<DumpRecords["metrics_compacted"]> => {
  const isFull = pageLimit();
  const records: { runId: string; compacted: CompactedRange[] }[] = [];
  for (let runId = nextCompacted.get(after ?? "")?.runId; runId != null;) {
    records.push({ runId, compacted: ranges.all(runId) });
    if (isFull(64 * (records.at(-1)?.compacted.length ?? 0))) break;
    runId = nextCompacted.get(runId)?.runId;
  }
  const last = records.at(-1)?.runId;
  return { records, ...(last === undefined ? {} : { last }) };
};

export const metricsDump = (db: Database.Database): MetricsDump => {
  const reads = readsOf(db);
  const { rows, firstRollups, rollups } = reads;
  const { putRow, putRollup, clearCompacted, putCompacted } = writesOf(db);
  const putOne = (record: AnyRecord): void => {
    if ("compacted" in record) {
      clearCompacted.run(record.runId);
      for (const { masterInstanceId, fromSeq, toSeq } of record.compacted) {
        putCompacted.run(record.runId, masterInstanceId, fromSeq, toSeq);
      }
    } else if ("series" in record) {
      const { runId, series, level, start, body } = record;
      putRollup.run(runId, series, level, start, body);
    } else {
      const { runId, masterInstanceId, seq, type, second, body } = record;
      putRow.run(runId, masterInstanceId, seq, type, second, body);
    }
  };
  const putAll = db.transaction((records: readonly AnyRecord[]) => records.forEach(putOne));

  return {
    walk: (kind, after) => {
      const place = placeOf(kind === "metrics_compacted" ? undefined : after);
      switch (kind) {
        case "metrics_timeseries":
          return page(
            rows.iterate(...(place ?? [0])),
            ({ runId, masterInstanceId, seq, type, second, body }) =>
              copied({ runId, masterInstanceId, seq, type, second, body }),
            ({ rowId }) => [rowId],
          );
        case "metrics_rollups":
          return page(
            place === undefined ? firstRollups.iterate() : rollups.iterate(...place),
            copied,
            ({ runId, level, series, start }) => [runId, level, series, start],
          );
        case "metrics_compacted":
          return walkCompacted(reads, after);
      }
    },
    put: (_kind, records) => {
      putAll.immediate(records);
    },
    count: (kind) => {
      const what = kind === "metrics_compacted" ? "count(DISTINCT runId)" : "count(*)";
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
