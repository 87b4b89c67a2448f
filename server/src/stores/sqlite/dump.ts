import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunEvent } from "@load-manager/contract/run.ts";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import {
  type DumpKind,
  type KindDump,
  type KindDumps,
  pageLimit,
  placeOf,
  placeText,
  type StoreDump,
  storeDump,
} from "../dump.ts";
import type { IdempotencyRecord } from "../idempotency-store.ts";
import type { Lease } from "../lease-store.ts";
import type { Control, Value } from "./control.ts";
import { parsed } from "./document.ts";
import { LOAD_TEST_COLUMNS, loadTestValues } from "./load-tests.ts";
import { readMark, writeMark } from "./mark.ts";
import { RUN_COLUMNS, runValues } from "./runs.ts";

type Table<Row, T> = {
  readonly name: DumpKind;
  readonly columns: readonly string[];
  readonly key: readonly (keyof Row & string)[];
  readonly record: (row: Row) => T;
  readonly put: (record: T) => void;
};

const upsert = (table: string, key: string, columns: readonly string[]): string =>
  `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
   ON CONFLICT (${key}) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}`;

const documentOf = <T>({ document }: { readonly document: string }): T => parsed<T>(document);

export type MetricDumps = Pick<
  KindDumps,
  "metrics_timeseries" | "metrics_rollups" | "metrics_compacted"
>;

export const sqliteDump = (db: Control, markFile: string, metrics: MetricDumps): StoreDump => {
  const kindOf = <Row extends object, T>({
    name,
    columns,
    key,
    record,
    put,
  }: Table<Row, T>): KindDump<T> => {
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

  const putRevision = upsert("script_revisions", "id", [
    "id",
    "loadTestId",
    "revisionNumber",
    "document",
  ]);
  const putLease = upsert("leases", "clusterId, slot", [
    "clusterId",
    "slot",
    "holder",
    "fence",
    "runId",
  ]);
  const putKey = upsert("idempotency_keys", "id", [
    "id",
    "fingerprint",
    "owner",
    "createdAt",
    "answer",
  ]);
  const loadTests = upsert("load_tests", "id", ["id", ...LOAD_TEST_COLUMNS]);
  const runs = upsert("load_test_runs", "id", ["id", ...RUN_COLUMNS]);
  const live = upsert("run_live", "runId", ["runId", "timestamp", "document"]);

  return storeDump(
    {
      load_tests: kindOf<{ id: string; document: string }, LoadTest>({
        name: "load_tests",
        columns: ["id", "document"],
        key: ["id"],
        record: documentOf,
        put: (loadTest) => db.run(loadTests, loadTest.id, ...loadTestValues(loadTest)),
      }),
      script_revisions: kindOf<{ id: string; document: string }, ScriptRevision>({
        name: "script_revisions",
        columns: ["id", "document"],
        key: ["id"],
        record: documentOf,
        put: (revision) => {
          const { id, loadTestId, revisionNumber } = revision;
          db.run(putRevision, id, loadTestId, revisionNumber, JSON.stringify(revision));
        },
      }),
      script_blobs: {
        ...kindOf<{ sha256: string; content: Uint8Array }, { sha256: string; content: Uint8Array }>(
          {
            name: "script_blobs",
            columns: ["sha256", "content"],
            key: ["sha256"],
            record: (row) => row,
            put: ({ sha256, content }) =>
              db.run(upsert("script_blobs", "sha256", ["sha256", "content"]), sha256, content),
          },
        ),
        walk: db.verb((after) => {
          const sizes = db.all<{ sha256: string; size: number }>(
            `SELECT sha256, length(content) AS size FROM script_blobs WHERE sha256 > ?
             ORDER BY sha256 LIMIT 500`,
            after ?? "",
          );
          const isFull = pageLimit();
          const records: { sha256: string; content: Uint8Array }[] = [];
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
      },
      load_test_runs: kindOf<{ id: string; document: string }, LoadTestRun>({
        name: "load_test_runs",
        columns: ["id", "document"],
        key: ["id"],
        record: documentOf,
        put: (run) => db.run(runs, run.id, ...runValues(run)),
      }),
      run_live: kindOf<
        { runId: string; document: string },
        { runId: string; live: MetricSnapshot }
      >({
        name: "run_live",
        columns: ["runId", "document"],
        key: ["runId"],
        record: (row) => ({ runId: row.runId, live: documentOf(row) }),
        put: (one) => db.run(live, one.runId, one.live.timestamp, JSON.stringify(one.live)),
      }),
      run_events: kindOf<
        { runId: string; arrival: number; id: string; document: string },
        { runId: string; arrival: number; id: string; event: RunEvent }
      >({
        name: "run_events",
        columns: ["runId", "arrival", "id", "document"],
        key: ["runId", "arrival"],
        record: ({ runId, arrival, id, ...row }) => ({
          runId,
          arrival,
          id,
          event: documentOf(row),
        }),
        // Here numbers are given over all runs; who has read up to the older number misses nothing.
        put: ({ runId, arrival, id, event }) =>
          db.run(
            `INSERT INTO run_events (arrival, id, runId, at, document)
             SELECT max(?, ifnull(max(arrival), 0) + 1), ?, ?, ?, ? FROM run_events WHERE true
             ON CONFLICT (id) DO NOTHING`,
            arrival,
            id,
            runId,
            event.at,
            JSON.stringify(event),
          ),
      }),
      leases: kindOf<Omit<Lease, "runId">, Omit<Lease, "runId">>({
        name: "leases",
        columns: ["clusterId", "slot", "holder", "fence"],
        key: ["clusterId", "slot"],
        record: (lease) => lease,
        put: ({ clusterId, slot, holder, fence }) =>
          db.run(putLease, clusterId, slot, holder, fence, null),
      }),
      idempotency_keys: kindOf<
        Omit<IdempotencyRecord, "answer"> & { readonly answer: string | null },
        IdempotencyRecord
      >({
        name: "idempotency_keys",
        columns: ["id", "fingerprint", "owner", "createdAt", "answer"],
        key: ["id"],
        record: ({ answer, ...record }) => ({
          ...record,
          ...(answer === null
            ? {}
            : { answer: parsed<NonNullable<IdempotencyRecord["answer"]>>(answer) }),
        }),
        put: ({ id, fingerprint, owner, createdAt, answer }) =>
          db.run(
            putKey,
            id,
            fingerprint,
            owner,
            createdAt,
            answer === undefined ? null : JSON.stringify(answer),
          ),
      }),
      ...metrics,
    },
    {
      mark: db.verb(() => readMark(markFile)),
      setMark: db.verb((seen, next) => {
        if (readMark(markFile) !== seen) return false;
        writeMark(markFile, next);
        return true;
      }),
    },
  );
};
