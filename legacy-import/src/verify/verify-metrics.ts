import type { Document } from "mongodb";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import { decodeSample, endpointsOf } from "@load-manager/server/metrics/codec/sample.ts";
import { bytesOf } from "@load-manager/server/stores/mongo/document.ts";
import { READ } from "../read/json.ts";
import { masterInstanceIdOf, metricOf } from "../transform/metrics.ts";
import { isTodaysRecord } from "../transform/documents.ts";
import { collectFaults, type Place, type Verification, type VerifyDeps } from "./verification.ts";

type Instance = { records: number; last: number };
type Run = { readonly masterInstances: Map<string, Instance>; snapshots: Map<string, number> };

const faultsOf = (record: Document): string[] => {
  const faults: string[] = [];
  const { _id, loadTestRunId, masterInstanceId, seq, type, timestamp, requests } = record;
  if (_id !== `${loadTestRunId}:${masterInstanceId}:${seq}`)
    faults.push("its _id does not match its run, master instance and number");
  for (const name of ["accountId", "orgId", "projectId"]) {
    if (typeof record[name] !== "string" || record[name] === "") faults.push(`it has no ${name}`);
  }
  if (type !== RECORD.snapshot) return faults;
  if (!Number.isSafeInteger(timestamp) || timestamp <= 0)
    faults.push("its timestamp is not in milliseconds");
  try {
    const sample = decodeSample(bytesOf(record["body"]));
    if (sample.second * 1000 !== timestamp) faults.push("its body is of another second");
    const sum = endpointsOf(sample).reduce((total, delta) => total + delta.requests, 0);
    if (requests !== undefined && sum !== requests)
      faults.push("its requests differ from its body");
  } catch (error) {
    faults.push(`its body cannot be read (${String(error)})`);
  }
  return faults;
};

/** Each older document must be one record of its run, and the records must be numbered without a gap. */
export const verifyMetrics = async (
  { db, context, onProgress }: VerifyDeps,
  { target, older, today }: Place,
): Promise<Verification> => {
  const faults = collectFaults(target);
  const counts = { older: 0, left: 0, checked: 0 };
  const expected = new Map<string, number>();
  for (const name of older) {
    for await (const document of db.collection<Document>(name).find({}, READ)) {
      counts.older += 1;
      if (counts.older % 500 === 0) onProgress(name, counts.older);
      if (isTodaysRecord(document)) continue;
      const outcome = metricOf(document, context);
      if (!outcome.ok) counts.left += 1;
      else expected.set(outcome.value.runId, (expected.get(outcome.value.runId) ?? 0) + 1);
    }
  }
  const runs = new Map<string, Run>();
  for await (const record of db.collection<Document & { _id: string }>(today).find()) {
    for (const fault of faultsOf(record)) faults.add(`${record._id}: ${fault}`);
    counts.checked += 1;
    if (counts.checked % 500 === 0) onProgress(today, counts.checked);
    const { loadTestRunId, masterInstanceId, seq, type }: Document = record;
    const run = runs.get(loadTestRunId) ?? { masterInstances: new Map(), snapshots: new Map() };
    runs.set(loadTestRunId, run);
    const known = run.masterInstances.get(masterInstanceId) ?? { records: 0, last: 0 };
    run.masterInstances.set(masterInstanceId, {
      records: known.records + 1,
      last: Math.max(known.last, Number(seq)),
    });
    if (type === RECORD.snapshot)
      run.snapshots.set(masterInstanceId, (run.snapshots.get(masterInstanceId) ?? 0) + 1);
  }
  for (const [runId, count] of expected) {
    const run = runs.get(runId);
    let found = 0;
    for (let number = 1; ; number += 1) {
      const masterInstanceId = masterInstanceIdOf(runId, number);
      const own = run?.masterInstances.get(masterInstanceId);
      if (own === undefined) break;
      found += run?.snapshots.get(masterInstanceId) ?? 0;
      if (own.records !== own.last)
        faults.add(`${runId}: ${own.last - own.records} records are missing`);
    }
    if (found !== count) faults.add(`${runId}: ${found} records of ${count} older documents`);
  }
  return faults.result(counts);
};
