import type {
  Rollup,
  RollupQuery,
  CompactedRange,
  MetricStore,
  MetricRecord,
} from "../model/metric-store.ts";
import { bySeq, inRange, SAMPLE, sameRecord, toRanges } from "../shared/samples.ts";
import { compareText } from "../../lib/text.ts";

export type MetricsOfRun = {
  readonly rows: Map<string, MetricRecord>;
  /** Numbers by master instance. */
  readonly compacted: Map<string, Set<number>>;
  readonly rollups: Map<string, Rollup>;
};

export const copy = <T extends { readonly body: Uint8Array }>(one: T): T => ({
  ...one,
  body: Uint8Array.from(one.body),
});
const ENDPOINT = /^[0-9a-f]{16}$/;
export const keyOf = (row: Pick<MetricRecord, "masterInstanceId" | "seq">): string =>
  `${row.masterInstanceId}:${row.seq}`;
export const placeOf = ({ series, level, start }: Omit<Rollup, "body">): string =>
  `${series}:${level}:${start}`;

export const metricsOf = (runs: Map<string, MetricsOfRun>, runId: string): MetricsOfRun => {
  const run = runs.get(runId) ?? { rows: new Map(), compacted: new Map(), rollups: new Map() };
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

export const memoryMetrics = (runs: Map<string, MetricsOfRun>): MetricStore => {
  const runOf = (runId: string) => metricsOf(runs, runId);
  const sorted = (runId: string, holds: (row: MetricRecord) => boolean) =>
    [...(runs.get(runId)?.rows.values() ?? [])].filter(holds).toSorted(bySeq);

  const rollupsOf = (runId: string, query: RollupQuery): Rollup[] =>
    [...(runs.get(runId)?.rollups.values() ?? [])]
      .filter(
        ({ level, start, series }) =>
          level === query.level &&
          start >= query.fromStart &&
          start <= query.toStart &&
          (query.series === "endpoints" ? ENDPOINT.test(series) : query.series.includes(series)),
      )
      .toSorted((a, b) => compareText(a.series, b.series) || a.start - b.start);
  return {
    append: async (rows) => {
      const inserted: number[] = [];
      const conflicting: number[] = [];
      for (const [index, row] of rows.entries()) {
        const run = runOf(row.runId);
        if (run.compacted.get(row.masterInstanceId)?.has(row.seq) === true) continue;
        const first = run.rows.get(keyOf(row));
        if (first === undefined) {
          run.rows.set(keyOf(row), copy(row));
          inserted.push(index);
        } else if (!sameRecord(first, row)) conflicting.push(index);
      }
      return { inserted, conflicting };
    },
    read: async (runId, range) =>
      sorted(runId, (row) => range === undefined || inRange(row, range)).map(copy),
    readAfter: async (runId, cursor, limit) =>
      sorted(runId, (row) => row.seq > (cursor.get(row.masterInstanceId) ?? -1))
        .slice(0, limit)
        .map(copy),
    readRollups: async (runId, { rollups, rows }) => ({
      rollups: rollups.flatMap((query) => rollupsOf(runId, query)).map(copy),
      rows:
        rows === undefined
          ? []
          : sorted(runId, (row) => Object.keys(rows).length === 0 || inRange(row, rows)).map(copy),
      compacted: mergedOf(runs.get(runId)),
    }),
    compact: async (runId, rows, rollups) => {
      const run = runOf(runId);
      if (rows.some((row) => !run.rows.has(keyOf(row)))) return false;
      for (const rollup of rollups) {
        run.rollups.set(placeOf(rollup), copy(rollup));
      }
      for (const row of rows) {
        const numbers = run.compacted.get(row.masterInstanceId) ?? new Set();
        run.compacted.set(row.masterInstanceId, numbers.add(row.seq));
        run.rows.delete(keyOf(row));
      }
      return true;
    },
    uncompacted: async (beforeSecond) =>
      [...runs].flatMap(([runId, { rows }]) => {
        const second = [...rows.values()].reduce(
          (oldest, row) => (row.type === SAMPLE ? Math.min(oldest, row.second) : oldest),
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
