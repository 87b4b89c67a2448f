import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { Document } from "mongodb";
import { READ } from "../read/json.ts";
import { withNamed } from "../read/in-order.ts";
import {
  idText,
  isTodaysRecord,
  recordDocument,
  type StoredDocument,
} from "../transform/documents.ts";
import { type KnownRun, withLast } from "../transform/metric-run.ts";
import {
  type ConvertedRecord,
  metricOf,
  type OldMetric,
  orderKey,
  recordsOfRun,
} from "../transform/metrics.ts";
import { createRunSummary, summaryFor } from "../transform/run-summary.ts";
import type { VerifyDeps } from "./verification.ts";

const BATCH = 500;
/** Up to so many snapshots are kept in memory; of more only their places are, and they are read once more. */
const KEPT = 100_000;

/** Where a snapshot is in the order of conversion. */
type Position = { readonly key: string; readonly id: unknown; readonly collection: string };

/** The older snapshots, in the order of conversion. */
export type Snapshots = {
  readonly counts: { readonly older: number; readonly left: number };
  readonly inOrder: () => AsyncGenerator<OldMetric>;
};

/** `today`: called with each document that is a record of today already. */
export const readSnapshots = async (
  { db, context, onProgress }: VerifyDeps,
  older: readonly string[],
  today: (record: StoredDocument) => void,
): Promise<Snapshots> => {
  const counts = { older: 0, left: 0 };
  const positions: Position[] = [];
  const kept = new Map<string, OldMetric>();
  for (const collection of older) {
    for await (const document of db.collection<Document>(collection).find({}, READ)) {
      counts.older += 1;
      if (counts.older % BATCH === 0) onProgress(collection, counts.older);
      if (isTodaysRecord(document)) {
        today(document as Document as StoredDocument);
        continue;
      }
      const outcome = metricOf(document, context);
      if (!outcome.ok) {
        counts.left += 1;
        continue;
      }
      const key = orderKey(outcome.value, idText(document["_id"]));
      positions.push({ key, id: document["_id"], collection });
      if (positions.length <= KEPT) kept.set(key, outcome.value);
      else kept.clear();
    }
  }
  positions.sort((a, b) => (a.key < b.key ? -1 : 1));
  const hasAll = positions.length <= KEPT;
  const readAgain = async (some: readonly Position[]): Promise<Map<string, OldMetric>> => {
    const found = new Map<string, OldMetric>();
    for (const [name, own] of Map.groupBy(some, ({ collection }) => collection)) {
      const _id = { $in: own.map(({ id }) => id) };
      const cursor = db.collection<Document>(name).find({ _id } as Document, READ);
      for await (const document of cursor) {
        const outcome = metricOf(document, context);
        if (!outcome.ok) continue;
        found.set(orderKey(outcome.value, idText(document["_id"])), outcome.value);
      }
    }
    return found;
  };
  return {
    counts,
    inOrder: async function* () {
      for (let at = 0; at < positions.length; at += BATCH) {
        onProgress("metric records", at);
        const some = positions.slice(at, at + BATCH);
        const found = hasAll ? kept : await readAgain(some);
        for (const { key } of some) {
          const metric = found.get(key);
          if (metric !== undefined) yield metric;
        }
      }
    },
  };
};

/** What is known of the runs before their metrics. */
export type KnownRuns = {
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** The collection of the runs' last totals. */
  readonly lives: string;
  /** The runs whose last totals are not what they should be, which is a fault of that collection. */
  readonly damaged: ReadonlySet<string>;
};

/** Converts the snapshots of every run again, and gives the records and the summary that each run must have. */
export const convertSnapshots = async (
  { db }: VerifyDeps,
  snapshots: Snapshots,
  { runs, lives, damaged }: KnownRuns,
  expect: {
    readonly record: (record: StoredDocument) => void;
    readonly summary: (runId: string, summary: RunSummary) => void;
  },
): Promise<void> => {
  const live = db.collection<StoredDocument>(lives);
  const converted = new Set<string>();
  let runId: string | undefined;
  let records: ReturnType<typeof recordsOfRun> | undefined;
  let summary = createRunSummary();
  const take = (made: readonly ConvertedRecord[]): void => {
    for (const one of made) {
      summary.add(one);
      expect.record(recordDocument(one));
    }
  };
  const endRun = (id: string): void => {
    take(records?.end() ?? []);
    const own = summaryFor(runs.get(id), summary);
    if (own !== undefined) expect.summary(id, own);
    summary = createRunSummary();
    records = undefined;
  };
  for await (const [metric, last] of withNamed(snapshots.inOrder(), (one) => one.runId, live)) {
    if (records === undefined || metric.runId !== runId) {
      if (runId !== undefined) endRun(runId);
      ({ runId } = metric);
      records = recordsOfRun(runId, withLast(runs.get(runId), damaged.has(runId) ? null : last));
      converted.add(runId);
    }
    take(records.add(metric));
  }
  if (runId !== undefined) endRun(runId);
  // Runs that have last totals only.
  for await (const document of live.find()) {
    const run = runs.get(document._id);
    const isLeft = !damaged.has(document._id) && !converted.has(document._id);
    if (run?.isOlder !== true || !isLeft) continue;
    records = recordsOfRun(document._id, withLast(run, document));
    endRun(document._id);
  }
};
