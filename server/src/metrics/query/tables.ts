import { getOrCreate } from "../../lib/maps.ts";
import { rollupStart, SERIES } from "../codec/rollup.ts";
import { decodeMeta } from "../codec/rollup-meta.ts";
import {
  combine,
  decodeTable,
  type TableCell,
  tableCellsOf,
  type TableName,
} from "../codec/rollup-table.ts";
import { samplesOf } from "../codec/spread.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import { isInWindow, planOf } from "./plan.ts";
import { type QueryDeps, readPlanned, type resolveWindow, widestOf } from "./window.ts";

type Resolved = Awaited<ReturnType<typeof resolveWindow>>;

/** In the order of time, so that the last value of a bucket wins; samples of one second as they arrived. */
const byStart = (a: TableCell, b: TableCell): number => a.start - b.start;

/** Errors and exceptions of rollups that were built before these had tables. */
const olderCells = async (
  deps: QueryDeps,
  runId: string,
  table: TableName,
  { window, runAggregate }: Resolved,
): Promise<readonly TableCell[]> => {
  if (!runAggregate.hasOlderTables || (table !== "errors" && table !== "exceptions")) return [];
  const starts = { fromStart: rollupStart(window.from), toStart: window.to };
  const { rollups } = await deps.metrics.readRollups(runId, {
    rollups: [{ level: 0, series: [SERIES.meta], ...starts }],
  });
  return rollups.flatMap(({ body }) => decodeMeta(body).older[table]);
};

/**
 * The cells of a table in a window, ascending, those of the same row and bucket as one. `step`: the width of a bucket in
 * seconds; `undefined`: one bucket for the whole window, which begins at 0. `level`: the width of the widest cell that was
 * read, wider than `step` where the retention has deleted the narrow ones.
 */
export const readTable = async (
  deps: QueryDeps,
  runId: string,
  table: TableName,
  resolved: Resolved,
  step: number | undefined,
): Promise<{ readonly cells: TableCell[]; readonly level: number }> => {
  const { window, runAggregate, cuts } = resolved;
  if (window.to < window.from) return { cells: [], level: 1 };
  const plan = planOf(window, runAggregate.covered, cuts, step);
  const { rollups, records } = await readPlanned(deps, runId, {
    plan,
    window,
    series: [table],
    runAggregate,
  });
  // Each rollup's cells ascend within their row, so that those of a row ascend where the rollups do.
  const compacted = rollups
    .filter(({ series }) => series === table)
    .toSorted((a, b) => a.start - b.start)
    .flatMap(({ body, level, start }) => decodeTable(table, body, level, start));
  const older = await olderCells(deps, runId, table, resolved);
  const recorded = records.flatMap((record: MetricRecord) =>
    samplesOf(record).flatMap((sample) => tableCellsOf(table, sample)),
  );
  const bucketOf = (second: number): number =>
    step === undefined ? 0 : Math.floor(second / step) * step;
  const uncompacted = [...older, ...recorded];
  const inOrder =
    uncompacted.length === 0 ? compacted : [...compacted, ...uncompacted].toSorted(byStart);
  const bounds = { ...window, covered: runAggregate.covered };
  const rows = new Map<string, Map<number, TableCell>>();
  for (const { key, start, values } of inOrder) {
    if (!isInWindow(start, bounds)) continue;
    const row = getOrCreate(rows, key, () => new Map<number, TableCell>());
    const bucket = bucketOf(start);
    const before = row.get(bucket);
    const sum = before === undefined ? values : combine(table, before.values, values);
    row.set(bucket, { key, start: bucket, values: sum });
  }
  const cells = [...rows.values()].flatMap((row) => [...row.values()]).toSorted(byStart);
  return { cells, level: widestOf({ rollups }) };
};
