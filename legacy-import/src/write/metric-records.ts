import { type Scope, scopeOf } from "@load-manager/contract/model/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Db, Document } from "mongodb";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { type MetricRun, type OldMetric, recordsOfRun } from "../transform/metrics.ts";
import { newOf, SORTING } from "../state/plan.ts";
import type { Job } from "../state/state.ts";
import { recordDocument, type StoredDocument } from "../transform/documents.ts";
import { insertAbsent } from "./insert.ts";

const BATCH = 500;

/** What the records need to know of each run. Runs with the same scope share one object: runs are many and scopes few. */
const metricRuns = async (db: Db): Promise<Map<string, MetricRun>> => {
  const runs = new Map<string, MetricRun>();
  const scopes = new Map<string, Scope>();
  const projection = {
    accountId: 1,
    orgId: 1,
    projectId: 1,
    envId: 1,
    startedAt: 1,
    targetUsers: 1,
    status: 1,
  };
  const cursor = db
    .collection<Document & { _id: string }>(newOf("load_test_runs"))
    .find({}, { projection });
  for await (const document of cursor) {
    const run = document as Document as LoadTestRun;
    const { startedAt, targetUsers, status } = run;
    const own = scopeOf(run);
    const key = JSON.stringify(own);
    const scope = scopes.get(key) ?? own;
    scopes.set(key, scope);
    runs.set(document._id, { scope, startedAt, targetUsers, ended: isTerminal(status) });
  }
  return runs;
};

/** Converts the sorted snapshots into records, run by run. After an interruption the run is converted again; records that exist stay. */
export const writeMetricRecords = async (
  deps: {
    readonly db: Db;
    readonly save: (job: Job) => Promise<void>;
    readonly onProgress: (done: number) => void;
  },
  begun: Job,
): Promise<void> => {
  const { db, save, onProgress } = deps;
  if (begun.done) return;
  let job = begun;
  const runs = await metricRuns(db);
  let waiting: StoredDocument[] = [];
  const flush = async (): Promise<void> => {
    await insertAbsent(db, newOf("metrics_timeseries"), waiting);
    waiting = [];
  };
  let records: ReturnType<typeof recordsOfRun> | undefined;
  let runId: string | undefined;
  let read = 0;
  let last: string | undefined;
  const endRun = async (): Promise<void> => {
    if (records === undefined) return;
    waiting.push(...records.end().map(recordDocument));
    job = { ...job, last: { id: last }, copied: job.copied + read };
    read = 0;
    if (waiting.length < BATCH) return;
    await flush();
    await save(job);
    onProgress(job.copied);
  };
  const cursor = db
    .collection<Document & { _id: string }>(SORTING)
    .find(begun.last === undefined ? {} : { _id: { $gt: String(begun.last.id) } }, {
      batchSize: BATCH,
    })
    .sort({ _id: 1 });
  for await (const document of cursor) {
    if (document["runId"] !== runId || records === undefined) {
      await endRun();
      runId = String(document["runId"]);
      records = recordsOfRun(runId, runs.get(runId));
    }
    const metric = JSON.parse(String(document["json"])) as OldMetric;
    waiting.push(...records.add(metric).map(recordDocument));
    read += 1;
    last = document._id;
    if (waiting.length >= BATCH) await flush();
  }
  await endRun();
  await flush();
  job = { ...job, done: true };
  await save(job);
  onProgress(job.copied);
};
