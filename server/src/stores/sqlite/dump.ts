import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { HandWrittenDumps, HandWrittenRecords, KindDump, StoreDump } from "../dump.ts";
import type { IdempotencyRecord } from "../model/idempotency-store.ts";
import type { Lease } from "../model/lease-store.ts";
import type { Control, Value } from "./control.ts";
import { parsed } from "./document.ts";
import { readMark, writeMark } from "./mark.ts";
import { pageLimit, placeOf, placeText } from "../shared/pages.ts";

type Table<Row, T> = {
  readonly name: keyof HandWrittenRecords;
  readonly columns: readonly string[];
  readonly key: readonly (keyof Row & string)[];
  readonly record: (row: Row) => T;
  readonly put: (record: T) => void;
};

const upsert = (table: string, key: string, columns: readonly string[]): string =>
  `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
   ON CONFLICT (${key}) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`;

/** The kinds that are in metrics.db. */
export type MetricDumps = Pick<
  HandWrittenDumps,
  "metrics_timeseries" | "metrics_rollups" | "metrics_compacted"
>;

const kindOf = <Row extends object, T>(
  db: Control,
  { name, columns, key, record, put }: Table<Row, T>,
): KindDump<T> => {
  const keys = key.join(", ");
  const from = (place: readonly Value[] | undefined): Row[] =>
    db.all<Row>(
      `SELECT ${columns.join(", ")} FROM ${name}
       ${place === undefined ? "" : `WHERE (${keys}) > (${key.map(() => "?").join(", ")})`}
       ORDER BY ${keys} LIMIT 200`,
      ...(place ?? []),
    );
  return {
    walk: db.verb((after) => {
      const rows = from(placeOf(after));
      const last = rows.at(-1);
      return {
        records: rows.map(record),
        ...(last === undefined
          ? {}
          : { last: placeText(key.map((column) => last[column] as string | number)) }),
      };
    }),
    put: db.verb((records) => db.transaction(() => records.forEach(put))),
    count: db.verb(
      () => db.get<{ count: number }>(`SELECT count(*) AS count FROM ${name}`)?.count ?? 0,
    ),
    clear: db.verb(() => {
      db.run(`DELETE FROM ${name}`);
    }),
  };
};

const PUT_BLOB = upsert("script_blobs", "sha256", ["sha256", "content"]);
const PUT_LIVE = upsert("run_live", "runId", ["runId", "timestamp", "document"]);
/** The store gives numbers over all runs. Whoever has read up to the older number misses nothing. */
const PUT_EVENT = `
  INSERT INTO run_events (arrival, id, runId, at, document)
  SELECT max(?, ifnull(max(arrival), 0) + 1), ?, ?, ?, ? FROM run_events WHERE true
  ON CONFLICT (id) DO NOTHING`;
const PUT_LEASE = upsert("leases", "clusterId, slot", [
  "clusterId",
  "slot",
  "holder",
  "fence",
  "runId",
]);
const PUT_KEY = upsert("idempotency_keys", "id", [
  "id",
  "fingerprint",
  "owner",
  "createdAt",
  "answer",
]);

type Blob = HandWrittenRecords["script_blobs"];

const blobs = (db: Control): KindDump<Blob> => ({
  ...kindOf<Blob, Blob>(db, {
    name: "script_blobs",
    columns: ["sha256", "content"],
    key: ["sha256"],
    record: (row) => row,
    put: ({ sha256, content }) => db.run(PUT_BLOB, sha256, content),
  }),
  // Contents are large: a page ends by their bytes.
  walk: db.verb((after) => {
    const sizes = db.all<{ sha256: string; size: number }>(
      `SELECT sha256, length(content) AS size FROM script_blobs WHERE sha256 > ?
       ORDER BY sha256 LIMIT 500`,
      after ?? "",
    );
    const isFull = pageLimit();
    const records: Blob[] = [];
    for (const { sha256, size } of sizes) {
      const row = db.get<{ content: Uint8Array }>(
        "SELECT content FROM script_blobs WHERE sha256 = ?",
        sha256,
      );
      if (row !== undefined) records.push({ sha256, content: Uint8Array.from(row.content) });
      if (isFull(size)) break;
    }
    const last = records.at(-1)?.sha256;
    return { records, ...(last === undefined ? {} : { last }) };
  }),
});

type LiveRow = { readonly runId: string; readonly document: string };
type EventRow = LiveRow & { readonly arrival: number; readonly id: string };
type KeyRow = Omit<IdempotencyRecord, "answer"> & { readonly answer: string | null };

/** The kinds of control.db that no description covers. */
export const sqliteDumps = (db: Control): Omit<HandWrittenDumps, keyof MetricDumps> => ({
  script_blobs: blobs(db),
  run_live: kindOf<LiveRow, HandWrittenRecords["run_live"]>(db, {
    name: "run_live",
    columns: ["runId", "document"],
    key: ["runId"],
    record: ({ runId, document }) => ({ runId, live: parsed<MetricSnapshot>(document) }),
    put: ({ runId, live }) => db.run(PUT_LIVE, runId, live.timestamp, JSON.stringify(live)),
  }),
  run_events: kindOf<EventRow, HandWrittenRecords["run_events"]>(db, {
    name: "run_events",
    columns: ["runId", "arrival", "id", "document"],
    key: ["runId", "arrival"],
    record: ({ document, ...row }) => ({ ...row, event: parsed<RunEvent>(document) }),
    put: ({ runId, arrival, id, event }) =>
      db.run(PUT_EVENT, arrival, id, runId, event.at, JSON.stringify(event)),
  }),
  leases: kindOf<Omit<Lease, "runId">, Omit<Lease, "runId">>(db, {
    name: "leases",
    columns: ["clusterId", "slot", "holder", "fence"],
    key: ["clusterId", "slot"],
    record: (lease) => lease,
    put: ({ clusterId, slot, holder, fence }) =>
      db.run(PUT_LEASE, clusterId, slot, holder, fence, null),
  }),
  idempotency_keys: kindOf<KeyRow, IdempotencyRecord>(db, {
    name: "idempotency_keys",
    columns: ["id", "fingerprint", "owner", "createdAt", "answer"],
    key: ["id"],
    record: ({ answer, ...record }) => ({
      ...record,
      ...(answer === null
        ? {}
        : { answer: parsed<NonNullable<IdempotencyRecord["answer"]>>(answer) }),
    }),
    put: ({ id, fingerprint, owner, createdAt, answer }) => {
      const text = answer === undefined ? null : JSON.stringify(answer);
      db.run(PUT_KEY, id, fingerprint, owner, createdAt, text);
    },
  }),
});

/** The mark of an incomplete folder. */
export const sqliteMark = (db: Control, markFile: string): Pick<StoreDump, "mark" | "setMark"> => ({
  mark: db.verb(() => readMark(markFile)),
  setMark: db.verb((seen, next) => {
    if (readMark(markFile) !== seen) return false;
    writeMark(markFile, next);
    return true;
  }),
});
