import type {
  Rollup,
  RollupQuery,
  CompactedRange,
  MetricStore,
  MetricRecord,
} from "../model/metric-store.ts";
import { bySeq, inRange, sameRecord, toRanges } from "../shared/samples.ts";
import { compareText } from "../../lib/text.ts";

export type MetricsOfRun = {
  readonly records: Map<string, MetricRecord>;
  /** Numbers by master instance. */
  readonly compacted: Map<string, Set<number>>;
  readonly rollups: Map<string, Rollup>;
};

export const copy = <T extends { readonly body: Uint8Array }>(one: T): T => ({
  ...one,
  body: Uint8Array.from(one.body),
});
const ENDPOINT = /^[0-9a-f]{16}$/;
export const keyOf = (record: Pick<MetricRecord, "masterInstanceId" | "seq">): string =>
  `${record.masterInstanceId}:${record.seq}`;
export const placeOf = ({ series, level, start }: Omit<Rollup, "body">): string =>
  `${series}:${level}:${start}`;

export const metricsOf = (runs: Map<string, MetricsOfRun>, runId: string): MetricsOfRun => {
  const run = runs.get(runId) ?? { records: new Map(), compacted: new Map(), rollups: new Map() };
  runs.set(runId, run);
  return run;
};

export const mergedOf = (run: MetricsOfRun | undefined): CompactedRange[] =>
  [...(run?.compacted ?? [])].flatMap(([masterInstanceId, numbers]) => {
    return toRanges([...numbers]).map(([fromSeq, toSeq]) => ({
      masterInstanceId,
      fromSeq,
      toSeq,
    }));
  });

const isInQuery = ({ level, start, series }: Rollup, query: RollupQuery): boolean =>
  level === query.level &&
  start >= query.fromStart &&
  start <= query.toStart &&
  (query.series === "endpoints" ? ENDPOINT.test(series) : query.series.includes(series));

export const memoryMetrics = (runs: Map<string, MetricsOfRun>): MetricStore => {
  const runOf = (runId: string) => metricsOf(runs, runId);
  const sorted = (runId: string, holds: (record: MetricRecord) => boolean) =>
    [...(runs.get(runId)?.records.values() ?? [])].filter(holds).toSorted(bySeq);

  const rollupsOf = (runId: string, query: RollupQuery): Rollup[] =>
    [...(runs.get(runId)?.rollups.values() ?? [])]
      .filter((rollup) => isInQuery(rollup, query))
      .toSorted((a, b) => compareText(a.series, b.series) || a.start - b.start);
  return {
    append: async (records) => {
      const inserted: number[] = [];
      const conflicting: number[] = [];
      for (const [index, record] of records.entries()) {
        const run = runOf(record.runId);
        if (run.compacted.get(record.masterInstanceId)?.has(record.seq) === true) continue;
        const first = run.records.get(keyOf(record));
        if (first === undefined) {
          run.records.set(keyOf(record), copy(record));
          inserted.push(index);
        } else if (!sameRecord(first, record)) conflicting.push(index);
      }
      return { inserted, conflicting };
    },
    read: async (runId, range) =>
      sorted(runId, (record) => range === undefined || inRange(record, range)).map(copy),
    readAfter: async (runId, cursor, limit) =>
      sorted(runId, (record) => record.seq > (cursor.get(record.masterInstanceId) ?? -1))
        .slice(0, limit)
        .map(copy),
    readRollups: async (runId, { rollups, records }) => ({
      rollups: rollups.flatMap((query) => rollupsOf(runId, query)).map(copy),
      records:
        records === undefined
          ? []
          : sorted(
              runId,
              (record) => Object.keys(records).length === 0 || inRange(record, records),
            ).map(copy),
      compacted: mergedOf(runs.get(runId)),
    }),
    compact: async (runId, records, rollups) => {
      const run = runOf(runId);
      if (records.some((record) => !run.records.has(keyOf(record)))) return false;
      for (const rollup of rollups) {
        run.rollups.set(placeOf(rollup), copy(rollup));
      }
      for (const record of records) {
        const numbers = run.compacted.get(record.masterInstanceId) ?? new Set();
        run.compacted.set(record.masterInstanceId, numbers.add(record.seq));
        run.records.delete(keyOf(record));
      }
      return true;
    },
    uncompacted: async (beforeSecond) =>
      [...runs].flatMap(([runId, { records }]) => {
        const second = [...records.values()].reduce(
          (oldest, record) => (record.second > 0 ? Math.min(oldest, record.second) : oldest),
          Infinity,
        );
        return second < beforeSecond ? { runId, second } : [];
      }),
    expire: async (level, beforeStart, keptRunIds) => {
      for (const [runId, { rollups }] of runs) {
        if (keptRunIds.includes(runId)) continue;
        for (const [key, rollup] of rollups) {
          if (rollup.level === level && rollup.start < beforeStart) rollups.delete(key);
        }
      }
    },
    deleteRun: async (runId) => {
      runs.delete(runId);
    },
  };
};
