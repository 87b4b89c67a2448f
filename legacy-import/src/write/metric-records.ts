import type { Scope } from "@load-manager/contract/model/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Db, Document } from "mongodb";
import { inOrder, withNamed } from "../read/in-order.ts";
import { type KnownRun, knownRunOf, withLast } from "../transform/metric-run.ts";
import { type ConvertedRecord, type OldMetric, recordsOfRun } from "../transform/metrics.ts";
import { createRunSummary, summaryFor } from "../transform/run-summary.ts";
import { METRICS, newOf, RUN_SUMMARIES, SORTING } from "../state/plan.ts";
import type { Job } from "../state/state.ts";
import { recordDocument, type StoredDocument } from "../transform/documents.ts";
import { toDocument } from "@load-manager/server/stores/mongo/document.ts";
import { insertAbsent } from "./insert.ts";

const BATCH = 500;

type LiveDocument = Document & { readonly _id: string };

/** What the records need to know of each run. Runs with the same scope share one object: runs are many and scopes few. */
const metricRuns = async (db: Db): Promise<Map<string, KnownRun>> => {
  const runs = new Map<string, KnownRun>();
  const scopes = new Map<string, Scope>();
  const projection = {
    accountId: 1,
    orgId: 1,
    projectId: 1,
    envId: 1,
    startedAt: 1,
    finishedAt: 1,
    targetUsers: 1,
    startingAt: 1,
    status: 1,
  };
  const cursor = db
    .collection<Document & { _id: string }>(newOf("load_test_runs"))
    .find({}, { projection });
  for await (const document of cursor) {
    const run = knownRunOf(document as Document as LoadTestRun);
    const key = JSON.stringify(run.scope);
    const scope = scopes.get(key) ?? run.scope;
    scopes.set(key, scope);
    runs.set(document._id, { ...run, scope });
  }
  return runs;
};

/** The ids of the runs that have snapshots. */
const runsWithSnapshots = async (db: Db): Promise<Set<string>> => {
  const ids = new Set<string>();
  const projection = { runId: 1 };
  for await (const { runId } of db.collection<Document>(SORTING).find({}, { projection }))
    ids.add(String(runId));
  return ids;
};

/** Collects records and summaries, and inserts them some hundred at a time. */
const createWriter = (db: Db, runs: ReadonlyMap<string, KnownRun>) => {
  let records: StoredDocument[] = [];
  let summaries: StoredDocument[] = [];
  let summary = createRunSummary();
  const flush = async (): Promise<void> => {
    await insertAbsent(db, newOf(METRICS), records);
    await insertAbsent(db, RUN_SUMMARIES, summaries);
    records = [];
    summaries = [];
  };
  return {
    take: (made: readonly ConvertedRecord[]): void => {
      for (const one of made) summary.add(one);
      records.push(...made.map(recordDocument));
    },
    /** The run's own summary is that of its records: every answer about it has the same figures. */
    endRun: (runId: string): void => {
      const own = summaryFor(runs.get(runId), summary);
      if (own !== undefined) summaries.push({ _id: runId, ...toDocument({ summary: own }) });
      summary = createRunSummary();
    },
    isFull: (): boolean => records.length >= BATCH,
    flush,
  };
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
  const writer = createWriter(db, runs);
  const lives = db.collection<LiveDocument>(newOf("run_live"));
  let records: ReturnType<typeof recordsOfRun> | undefined;
  let runId: string | undefined;
  let read = 0;
  let last: string | undefined;
  const endRun = async (): Promise<void> => {
    if (records === undefined || runId === undefined) return;
    writer.take(records.end());
    writer.endRun(runId);
    job = { ...job, last: { id: last }, copied: job.copied + read };
    read = 0;
    if (!writer.isFull()) return;
    await writer.flush();
    await save(job);
    onProgress(job.copied);
  };
  const sorted = inOrder(db, SORTING, begun.last);
  const runOf = (document: Document): string => String(document["runId"]);
  for await (const [document, live] of withNamed(sorted, runOf, lives)) {
    if (document["runId"] !== runId || records === undefined) {
      await endRun();
      runId = runOf(document);
      records = recordsOfRun(runId, withLast(runs.get(runId), live));
    }
    const metric = JSON.parse(String(document["json"])) as OldMetric;
    writer.take(records.add(metric));
    read += 1;
    last = document._id;
    if (writer.isFull()) await writer.flush();
  }
  await endRun();
  const withSnapshots = await runsWithSnapshots(db);
  for await (const live of lives.find()) {
    const run = runs.get(live._id);
    if (run?.isOlder !== true || withSnapshots.has(live._id)) continue;
    writer.take(recordsOfRun(live._id, withLast(run, live)).end());
    writer.endRun(live._id);
    if (writer.isFull()) await writer.flush();
  }
  await writer.flush();
  job = { ...job, done: true };
  await save(job);
  onProgress(job.copied);
};
