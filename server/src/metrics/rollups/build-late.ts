import type { MetricRecord, Rollup } from "../../stores/model/metric-store.ts";
import {
  type Cell,
  decodeCells,
  decodeRunCells,
  encodeCells,
  encodeRunCells,
  type Level,
  LEVELS,
  type RunCell,
  SERIES,
} from "../codec/rollup.ts";
import { decodeMeta, type Meta } from "../codec/rollup-meta.ts";
import {
  combine,
  decodeTable,
  encodeTable,
  TABLE_NAMES,
  type TableCell,
  type TableName,
} from "../codec/rollup-table.ts";
import { addDelta, deltaOf, emptyTotals } from "../codec/totals.ts";
import { buildRollups } from "./build.ts";

/** Cells of the same key become one; the result ascends. */
const merged = <C extends { readonly start: number }>(
  before: readonly C[],
  late: readonly C[],
  keyOf: (cell: C) => string,
  sum: (one: C, other: C) => C,
): C[] => {
  const byKey = new Map(before.map((cell) => [keyOf(cell), cell]));
  for (const cell of late) {
    const known = byKey.get(keyOf(cell));
    byKey.set(keyOf(cell), known === undefined ? cell : sum(known, cell));
  }
  return [...byKey.values()].toSorted((a, b) => a.start - b.start);
};

const byStart = ({ start }: { readonly start: number }): string => String(start);

const sumOfCells = (one: Cell, other: Cell): Cell => {
  const totals = emptyTotals();
  for (const cell of [one, other]) addDelta(totals, cell, cell.lastSecond);
  return { ...deltaOf(totals), start: one.start, lastSecond: totals.lastSecond };
};

/** How many seconds of a cell have a sample. */
const coveredIn = (covered: Meta["covered"], start: number, level: number): number =>
  covered.reduce((sum, [from, to]) => {
    const [first, last] = [Math.max(from, start), Math.min(to, start + level - 1)];
    return sum + Math.max(0, last - first + 1);
  }, 0);

/** Seconds that had a sample before stay as they were: how many requests each of them had is known no more. */
const sumOfRunCells =
  (covered: Meta["covered"], level: number) =>
  (one: RunCell, late: RunCell): RunCell => {
    const all = coveredIn(covered, one.start, level);
    const added = all - one.covered;
    return {
      start: one.start,
      covered: all,
      steady: one.steady + Math.min(added, late.steady),
      users: one.users ?? late.users,
      target: one.target ?? late.target,
      maxUsers: Math.max(one.maxUsers, late.maxUsers),
      lowest: added > 0 ? Math.min(one.lowest, late.lowest) : one.lowest,
      highest: Math.max(one.highest, late.highest),
    };
  };

const mergedTable = (
  table: TableName,
  before: readonly TableCell[],
  late: readonly TableCell[],
): TableCell[] =>
  merged(
    before,
    late,
    ({ key, start }) => `${start} ${key}`,
    (one, other) => ({ ...one, values: combine(table, one.values, other.values) }),
  );

const mergedBody = (
  { series, start, body }: Rollup,
  level: Level,
  before: Uint8Array,
  covered: Meta["covered"],
): Uint8Array => {
  const table = TABLE_NAMES.find((name) => name === series);
  if (table !== undefined) {
    const cells = (of: Uint8Array): TableCell[] => decodeTable(table, of, level, start);
    return encodeTable(table, mergedTable(table, cells(before), cells(body)), level, start);
  }
  if (series === SERIES.run) {
    const cells = (of: Uint8Array): RunCell[] => decodeRunCells(of, level, start);
    const sum = sumOfRunCells(covered, level);
    return encodeRunCells(merged(cells(before), cells(body), byStart, sum), level, start);
  }
  const cells = (of: Uint8Array): Cell[] => decodeCells(of, level, start);
  return encodeCells(merged(cells(before), cells(body), byStart, sumOfCells), level, start);
};

/**
 * Like `buildRollups`, for a window whose one-second cells the retention has deleted: records are added to the wider
 * cells that are left. `before`: SERIES.meta, and the others of every level that is left.
 */
export const buildLateRollups = (
  runId: string,
  start: number,
  records: readonly MetricRecord[],
  before: readonly Rollup[],
): Rollup[] => {
  const built = buildRollups(
    runId,
    start,
    records,
    before.filter(({ series }) => series === SERIES.meta),
  );
  const meta = built.find(({ series }) => series === SERIES.meta);
  const covered = meta === undefined ? [] : decodeMeta(meta.body).covered;
  const isLeft = (level: number): boolean => before.some((one) => one.level === level);
  return built.flatMap((late) => {
    if (late.series === SERIES.meta) return [late];
    const level = LEVELS.find((one) => one === late.level);
    if (level === undefined || !isLeft(level)) return [];
    const known = before.find((one) => one.level === level && one.series === late.series);
    if (known === undefined) return [late];
    return [{ ...late, body: mergedBody(late, level, known.body, covered) }];
  });
};
