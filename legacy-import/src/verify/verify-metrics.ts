import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import { decodeSample, endpointsOf } from "@load-manager/server/metrics/codec/sample.ts";
import { bytesOf } from "@load-manager/server/stores/mongo/document.ts";
import type { Document } from "mongodb";
import type { StoredDocument } from "../transform/documents.ts";
import { differingFields, digestOf } from "./digest.ts";
import { convertSnapshots, type KnownRuns, readSnapshots } from "./snapshots.ts";
import { collectFaults, type Place, type Verification, type VerifyDeps } from "./verification.ts";

const BATCH = 500;

/** The rules for a record of today, whichever program wrote it. */
const faultsOf = (record: StoredDocument): string[] => {
  const faults: string[] = [];
  const { _id, loadTestRunId, masterInstanceId, seq, type, timestamp, requests }: Document = record;
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

/** The digest that a record of today must have, by its id; and the last number of each master instance of migrated records. */
const createExpected = () => {
  const digests = new Map<string, string>();
  const lastNumbers = new Map<string, number>();
  return {
    digests,
    add: (record: StoredDocument): void => {
      digests.set(record._id, digestOf(record));
    },
    addMigrated: (record: StoredDocument): void => {
      const { masterInstanceId, seq }: Document = record;
      digests.set(record._id, digestOf(record));
      lastNumbers.set(String(masterInstanceId), Number(seq));
    },
    /** No older document becomes it. */
    isBeyond: ({ masterInstanceId, seq }: Document): boolean =>
      Number(seq) > (lastNumbers.get(String(masterInstanceId)) ?? Infinity),
  };
};

/**
 * Converts the snapshots of every run again, in their order, and compares each record with today's. `expectSummary` is called
 * with the summary that a run must have from its metrics.
 */
export const verifyMetrics = async (
  deps: VerifyDeps,
  { target, older, today }: Place,
  known: KnownRuns,
  expectSummary: (runId: string, summary: RunSummary) => void,
): Promise<Verification> => {
  const { db, onProgress } = deps;
  const faults = collectFaults(target);
  const expected = createExpected();
  const snapshots = await readSnapshots(deps, older, expected.add);
  await convertSnapshots(deps, snapshots, known, {
    record: expected.addMigrated,
    summary: expectSummary,
  });
  const different = new Map<string, StoredDocument>();
  let checked = 0;
  for await (const record of db.collection<StoredDocument>(today).find()) {
    checked += 1;
    if (checked % BATCH === 0) onProgress(today, checked);
    for (const fault of faultsOf(record)) faults.add(`${record._id}: ${fault}`);
    const wanted = expected.digests.get(record._id);
    expected.digests.delete(record._id);
    if (wanted !== undefined && wanted !== digestOf(record)) different.set(record._id, record);
    if (expected.isBeyond(record))
      faults.add(`${record._id}: no older document becomes this record`);
  }
  for (const id of expected.digests.keys()) faults.add(`${id}: it is missing`);
  // Once more, to name the fields.
  const name = (record: StoredDocument): void => {
    const found = different.get(record._id);
    if (found === undefined) return;
    const fields = differingFields(record, found).join(", ");
    faults.add(`${record._id}: it differs from the older documents in ${fields}`);
  };
  if (different.size > 0) {
    await readSnapshots(deps, older, name);
    await convertSnapshots(deps, snapshots, known, { record: name, summary: () => {} });
  }
  return faults.result({ ...snapshots.counts, checked });
};
