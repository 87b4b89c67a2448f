import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../lib/clock.ts";
import { AppError, messageOf } from "../../lib/errors.ts";
import type { AppendResult, MetricRecord } from "../model/metric-store.ts";
import { openDatabase } from "./database.ts";
import { rollupsTable } from "./metrics-rollups.ts";
import { metricsDump } from "./metrics-dump.ts";
import {
  type Answer,
  type Call,
  pack,
  type Packed,
  type Reply,
  type Request,
  unpack,
} from "./metrics-messages.ts";
import { metricsTable } from "./metrics-table.ts";
import { CHECK_WRITE, METRICS_MIGRATIONS } from "./migrations.ts";

/**
 * The thread that owns metrics.db. Appends that arrive within one interval share a commit; one that arrives after
 * a pause is committed at once, so that a quiet server answers quickly and a busy one does not wait for the disk at each batch.
 */
const COMMIT_INTERVAL_MS = 20;

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread");
const post = port.postMessage.bind(port);

/** What is moved to the other thread. */
const buffersOf = (answer: Answer): ArrayBuffer[] => {
  if (typeof answer !== "object") return [];
  if ("bodies" in answer) return [answer.bodies.buffer];
  return "rollups" in answer ? [answer.rollups.bodies.buffer, answer.records.bodies.buffer] : [];
};

const reply = (id: number, answer: Answer): void => {
  const message: Reply = { id, ok: true, answer };
  post(message, buffersOf(answer));
};
const refuse = (id: number, error: unknown): void => {
  const code =
    typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
  const kind = error instanceof AppError ? error.kind : undefined;
  const message: Reply = { id, ok: false, message: messageOf(error), code, kind };
  post(message);
};

const open = () => {
  try {
    const { file } = workerData as { readonly file: string };
    return openDatabase(file, METRICS_MIGRATIONS, { pageSize: 16_384, busyMs: 2000 });
  } catch (error) {
    refuse(0, error);
    return undefined;
  }
};

const db = open();
if (db === undefined) port.close();
else {
  const rollups = rollupsTable(db);
  const table = metricsTable(db, rollups.isCompacted);
  const dump = metricsDump(db);
  const insertAll = db.transaction((batches: readonly Packed<MetricRecord>[]): AppendResult[] =>
    batches.map((records) => table.insert(unpack(records))),
  );
  const waiting: { readonly id: number; readonly records: Packed<MetricRecord> }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let lastCommit = -COMMIT_INTERVAL_MS;

  /** Each by itself: only the one that cannot be stored is refused. */
  const commitSingly = (
    appends: readonly { readonly id: number; readonly records: Packed<MetricRecord> }[],
  ) => {
    for (const { id, records } of appends) {
      try {
        const [result] = insertAll.immediate([records]);
        reply(id, result);
      } catch (error) {
        refuse(id, error);
      }
    }
  };
  const commit = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const appends = waiting.splice(0);
    if (appends.length === 0) return;
    try {
      const results = insertAll.immediate(appends.map(({ records }) => records));
      for (const [index, { id }] of appends.entries()) reply(id, results[index]);
    } catch {
      commitSingly(appends);
    }
    lastCommit = systemClock.monotonic();
  };
  const append = (id: number, records: Packed<MetricRecord>): void => {
    waiting.push({ id, records });
    const due = lastCommit + COMMIT_INTERVAL_MS - systemClock.monotonic();
    timer ??= setTimeout(commit, Math.max(0, due));
  };
  const deleteRun = (id: number, runId: string): void => {
    try {
      rollups.deleteRun(runId);
      if (table.deleteSome(runId)) setImmediate(() => deleteRun(id, runId));
      else reply(id, undefined);
    } catch (error) {
      refuse(id, error);
    }
  };
  const close = (id: number): void => {
    commit();
    db.close();
    reply(id, undefined);
    port.close();
  };

  const answer = (id: number, call: Call): void => {
    switch (call.do) {
      case "append":
        return append(id, call.records);
      case "read":
        return reply(id, pack(table.read(call.runId, call.range)));
      case "readAfter":
        return reply(id, pack(table.readAfter(call.runId, call.cursor, call.limit)));
      case "readRollups":
        return reply(id, {
          rollups: pack(call.rollups.flatMap((query) => rollups.read(call.runId, query))),
          records: pack(call.records === undefined ? [] : table.read(call.runId, call.records)),
          compacted: rollups.compacted(call.runId),
        });
      case "compact":
        return reply(id, rollups.compact(call.runId, call.records, unpack(call.rollups)));
      case "uncompacted":
        return reply(id, rollups.uncompacted(call.beforeSecond));
      case "expire":
        rollups.expire(call.level, call.beforeStart, call.keptRunIds);
        return reply(id, undefined);
      case "deleteRun":
        commit();
        return deleteRun(id, call.runId);
      case "walk":
        return reply(id, dump.walk(call.kind, call.after));
      case "put":
        dump.put(call.kind, call.records);
        return reply(id, undefined);
      case "count":
        return reply(id, dump.count(call.kind));
      case "clear":
        dump.clear(call.kind);
        return reply(id, undefined);
      case "ping":
        db.exec(CHECK_WRITE);
        return reply(id, undefined);
      case "close":
        return close(id);
    }
  };
  port.on("message", ({ id, call }: Request) => {
    try {
      answer(id, call);
    } catch (error) {
      refuse(id, error);
    }
  });
  reply(0, undefined);
}
