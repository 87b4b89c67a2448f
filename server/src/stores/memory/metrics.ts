import type { MetricStore, SampleRow } from "../ports.ts";
import { bySeq, isSample, sameRecord } from "../shared/samples.ts";

const copy = (row: SampleRow): SampleRow => ({ ...row, body: Uint8Array.from(row.body) });

export const memoryMetrics = (): MetricStore => {
  const runs = new Map<string, Map<string, SampleRow>>();
  const sorted = (runId: string, holds: (row: SampleRow) => boolean) =>
    [...(runs.get(runId)?.values() ?? [])].filter(holds).toSorted(bySeq);
  return {
    append: async (rows) => {
      const inserted: number[] = [];
      const conflicting: number[] = [];
      for (const [index, row] of rows.entries()) {
        const ofRun = runs.get(row.runId) ?? new Map<string, SampleRow>();
        runs.set(row.runId, ofRun);
        const key = `${row.attempt}:${row.boot}:${row.seq}`;
        const first = ofRun.get(key);
        if (first === undefined) {
          ofRun.set(key, copy(row));
          inserted.push(index);
        } else if (!sameRecord(first, row)) conflicting.push(index);
      }
      return { inserted, conflicting };
    },
    read: async (runId, range) =>
      sorted(
        runId,
        (row) =>
          range === undefined ||
          (isSample(row) && row.second >= range.fromSecond && row.second <= range.toSecond),
      ).map(copy),
    readAfter: async (runId, cursor, limit) =>
      sorted(runId, (row) => row.seq > (cursor.get(row.boot) ?? -1))
        .slice(0, limit)
        .map(copy),
    deleteRun: async (runId) => {
      runs.delete(runId);
    },
  };
};
