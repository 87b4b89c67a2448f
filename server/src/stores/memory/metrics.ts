import type { Block, BlockQuery, MergedRange, MetricStore, SampleRow } from "../ports.ts";
import { bySeq, inRange, SAMPLE, sameRecord, toRanges } from "../shared/samples.ts";
import { compareText } from "../shared/text.ts";

export type MetricsOfRun = {
  readonly rows: Map<string, SampleRow>;
  /** Numbers by `attempt:boot`. */
  readonly merged: Map<string, Set<number>>;
  readonly blocks: Map<string, Block>;
};

export const copy = <T extends { readonly body: Uint8Array }>(one: T): T => ({
  ...one,
  body: Uint8Array.from(one.body),
});
const ENDPOINT = /^[0-9a-f]{16}$/;
export const bootOf = ({ attempt, boot }: Pick<SampleRow, "attempt" | "boot">): string =>
  `${attempt}:${boot}`;
export const keyOf = (row: Pick<SampleRow, "attempt" | "boot" | "seq">): string =>
  `${bootOf(row)}:${row.seq}`;
export const placeOf = ({ series, level, start }: Omit<Block, "body">): string =>
  `${series}:${level}:${start}`;

export const metricsOf = (runs: Map<string, MetricsOfRun>, runId: string): MetricsOfRun => {
  const run = runs.get(runId) ?? { rows: new Map(), merged: new Map(), blocks: new Map() };
  runs.set(runId, run);
  return run;
};

export const mergedOf = (run: MetricsOfRun | undefined): MergedRange[] =>
  [...(run?.merged ?? [])].flatMap(([key, numbers]) => {
    const [attempt, boot = ""] = key.split(":");
    return toRanges([...numbers]).map(([fromSeq, toSeq]) => ({
      attempt: Number(attempt),
      boot,
      fromSeq,
      toSeq,
    }));
  });

export const memoryMetrics = (runs: Map<string, MetricsOfRun>): MetricStore => {
  const runOf = (runId: string) => metricsOf(runs, runId);
  const sorted = (runId: string, holds: (row: SampleRow) => boolean) =>
    [...(runs.get(runId)?.rows.values() ?? [])].filter(holds).toSorted(bySeq);

  const blocksOf = (runId: string, query: BlockQuery): Block[] =>
    [...(runs.get(runId)?.blocks.values() ?? [])]
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
        if (run.merged.get(bootOf(row))?.has(row.seq) === true) continue;
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
      sorted(runId, (row) => row.seq > (cursor.get(row.boot) ?? -1))
        .slice(0, limit)
        .map(copy),
    readBlocks: async (runId, { blocks, rows }) => ({
      blocks: blocks.flatMap((query) => blocksOf(runId, query)).map(copy),
      rows:
        rows === undefined
          ? []
          : sorted(runId, (row) => Object.keys(rows).length === 0 || inRange(row, rows)).map(copy),
      merged: mergedOf(runs.get(runId)),
    }),
    merge: async (runId, rows, blocks) => {
      const run = runOf(runId);
      if (rows.some((row) => !run.rows.has(keyOf(row)))) return false;
      for (const block of blocks) {
        run.blocks.set(placeOf(block), copy(block));
      }
      for (const row of rows) {
        const numbers = run.merged.get(bootOf(row)) ?? new Set();
        run.merged.set(bootOf(row), numbers.add(row.seq));
        run.rows.delete(keyOf(row));
      }
      return true;
    },
    unmerged: async (beforeSecond) =>
      [...runs].flatMap(([runId, { rows }]) => {
        const second = [...rows.values()].reduce(
          (oldest, row) => (row.type === SAMPLE ? Math.min(oldest, row.second) : oldest),
          Infinity,
        );
        return second < beforeSecond ? { runId, second } : [];
      }),
    expire: async (level, beforeStart, keptRunIds) => {
      for (const [runId, { blocks }] of runs) {
        if (keptRunIds.includes(runId)) continue;
        for (const [key, block] of blocks) {
          if (block.level === level && block.start < beforeStart) blocks.delete(key);
        }
      }
    },
    deleteRun: async (runId) => {
      runs.delete(runId);
    },
  };
};
