import { decodeBatch } from "../codec/batch.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";

/** Whether a record is known to be stored. One that the plugin has dropped is not, so of such an instance nothing is known. */
const hasRecord = (
  { masterInstances }: RunAggregate,
  masterInstanceId: string,
  seq: number,
): boolean => {
  const instance = masterInstances.get(masterInstanceId);
  return instance !== undefined && !instance.dropped && seq <= instance.upTo;
};

const isStored = (runId: string, runAggregate: RunAggregate, bytes: Uint8Array): boolean => {
  try {
    const batch = decodeBatch(bytes);
    return (
      batch.runId === runId &&
      batch.records.every(({ seq }) => hasRecord(runAggregate, batch.masterInstanceId, seq))
    );
  } catch {
    return false;
  }
};

/** The batches of a run with a record that is not known to be stored, and those that cannot be read. */
export const unstoredOf = (
  runId: string,
  runAggregate: RunAggregate,
  batches: readonly Uint8Array[],
): readonly Uint8Array[] => batches.filter((batch) => !isStored(runId, runAggregate, batch));
