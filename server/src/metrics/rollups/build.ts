import type { Rollup, MetricRecord } from "../../stores/ports.ts";
import { toRanges } from "../../stores/shared/samples.ts";
import { decodeSample, type Delta, endpointsOf } from "../codec/sample.ts";
import {
  addDelta,
  addTotals,
  clearTotals,
  deltaOf,
  emptyTotals,
  type Totals,
} from "../codec/totals.ts";
import {
  SERIES,
  type Cell,
  decodeCells,
  decodeRunCells,
  decodeMeta,
  encodeCells,
  encodeRunCells,
  encodeMeta,
  type RunCell,
  LEVELS,
  type Meta,
} from "../codec/rollup.ts";

/** One second of one endpoint: as it came while one teller told it, summed from the second on. */
type Second = { delta: Delta } | { totals: Totals };
type Known = { users: number | null; target: number | null };

const deltaAt = (second: Second): Delta =>
  "delta" in second ? second.delta : deltaOf(second.totals);

class Counts {
  private readonly keys = new Map<string, Map<number, number>>();
  add(key: string, second: number, count: number): void {
    const at = this.keys.get(key) ?? new Map<number, number>();
    this.keys.set(key, at);
    at.set(second, (at.get(second) ?? 0) + count);
  }
  entries(): [string, [number, number][]][] {
    return [...this.keys].map(([key, at]) => [key, [...at].toSorted(([a], [b]) => a - b)]);
  }
}

const gatherWindow = (rows: readonly MetricRecord[], before: readonly Rollup[]) => {
  const series = new Map<string, Map<number, Second>>();
  const known = new Map<number, Known>();
  const names = new Map<string, readonly [string, string, string]>();
  const [errors, exceptions] = [new Counts(), new Counts()];

  const add = (id: string, second: number, delta: Delta): void => {
    const seconds = series.get(id) ?? new Map<number, Second>();
    series.set(id, seconds);
    const first = seconds.get(second);
    if (first === undefined) seconds.set(second, { delta });
    else {
      const totals = "totals" in first ? first.totals : emptyTotals();
      if ("delta" in first) addDelta(totals, first.delta, second);
      addDelta(totals, delta, second);
      seconds.set(second, { totals });
    }
  };
  const note = (
    second: number,
    users?: { readonly real: number; readonly target: number },
  ): void => {
    const told = known.get(second) ?? { users: null, target: null };
    known.set(second, users === undefined ? told : { users: users.real, target: users.target });
  };

  for (const rollup of before) {
    if (rollup.series === SERIES.meta) {
      const meta = decodeMeta(rollup.body);
      for (const name of meta.names) names.set(name[0], name);
      for (const { at, ...error } of meta.errors)
        for (const [second, count] of at) errors.add(JSON.stringify(error), second, count);
      for (const { at, ...exception } of meta.exceptions)
        for (const [second, count] of at) exceptions.add(JSON.stringify(exception), second, count);
    } else if (rollup.level === 1) {
      if (rollup.series === SERIES.run) {
        for (const { start, users, target } of decodeRunCells(rollup.body, 1, rollup.start)) {
          note(start, users === null || target === null ? undefined : { real: users, target });
        }
      } else if (rollup.series !== SERIES.all) {
        for (const cell of decodeCells(rollup.body, 1, rollup.start)) {
          add(rollup.series, cell.start, cell);
        }
      }
    }
  }
  for (const row of rows) {
    const sample = decodeSample(row.body);
    const { second } = sample;
    note(second, sample.users);
    for (const { id, method, name } of sample.names) names.set(id, [id, method, name]);
    for (const { id, error, count } of sample.errors)
      errors.add(JSON.stringify({ id, error }), second, count);
    for (const { count, ...exception } of sample.exceptions)
      exceptions.add(JSON.stringify(exception), second, count);
    for (const delta of endpointsOf(sample)) add(delta.id, second, delta);
  }
  return { series, known, names, errors, exceptions };
};

type Window = ReturnType<typeof gatherWindow>;

/** All endpoints together, second by second, with what is known of the run. */
const secondsOfAll = ({ series, known }: Window): { cells: Cell[]; facts: RunCell[] } => {
  const all = new Map<number, Totals>([...known.keys()].map((second) => [second, emptyTotals()]));
  for (const seconds of series.values()) {
    for (const [second, told] of seconds) {
      const totals = all.get(second);
      if (totals === undefined) continue;
      if ("delta" in told) addDelta(totals, told.delta, second);
      else addTotals(totals, told.totals);
    }
  }
  const ascending = [...all].toSorted(([a], [b]) => a - b);
  return {
    cells: ascending.map(([start, totals]) => ({ ...deltaOf(totals), start, lastSecond: start })),
    facts: ascending.map(([start, { requests }]) => {
      const { users, target } = known.get(start) ?? { users: null, target: null };
      const steady = users !== null && users === target && users > 0;
      return {
        start,
        covered: 1,
        steady: steady ? 1 : 0,
        users,
        target,
        maxUsers: users ?? 0,
        lowest: requests,
        highest: requests,
      };
    }),
  };
};

const coarserRunCells = (facts: readonly RunCell[], level: number): RunCell[] => {
  const wide = new Map<number, RunCell>();
  for (const next of facts) {
    const start = Math.floor(next.start / level) * level;
    const one = wide.get(start);
    wide.set(
      start,
      one === undefined
        ? { ...next, start }
        : {
            start,
            covered: one.covered + next.covered,
            steady: one.steady + next.steady,
            users: next.users ?? one.users,
            target: next.target ?? one.target,
            maxUsers: Math.max(one.maxUsers, next.maxUsers),
            lowest: Math.min(one.lowest, next.lowest),
            highest: Math.max(one.highest, next.highest),
          },
    );
  }
  return [...wide.values()];
};

/** Cells of a coarser level; the finer ones ascend, so that one sum at a time is under way. */
const coarser = (cells: readonly Cell[], level: number): Cell[] => {
  const wide: Cell[] = [];
  const totals = emptyTotals();
  cells.forEach((cell, index) => {
    const start = Math.floor(cell.start / level) * level;
    addDelta(totals, cell, cell.lastSecond);
    const next = cells[index + 1];
    if (next !== undefined && Math.floor(next.start / level) * level === start) return;
    wide.push({ ...deltaOf(totals), start, lastSecond: Math.max(start, totals.lastSecond) });
    clearTotals(totals);
  });
  return wide;
};

/**
 * The rollups of one window of a run: what the samples tell, added to what the rollups before told (those of level 1 and
 * the other things; coarser levels are made from them). All samples and rollups are of that window.
 */
export const buildRollups = (
  runId: string,
  start: number,
  rows: readonly MetricRecord[],
  before: readonly Rollup[],
): Rollup[] => {
  const window = gatherWindow(rows, before);
  const rollups: Rollup[] = [];
  const put = (series: string, cells: readonly Cell[]): void => {
    const tens = coarser(cells, 10);
    for (const [level, list] of [
      [1, cells],
      [10, tens],
      [60, coarser(tens, 60)],
    ] as const) {
      rollups.push({ runId, series, level, start, body: encodeCells(list, level, start) });
    }
  };
  const all = secondsOfAll(window);
  put(SERIES.all, all.cells);
  for (const level of LEVELS) {
    const facts = level === 1 ? all.facts : coarserRunCells(all.facts, level);
    const body = encodeRunCells(facts, level, start);
    rollups.push({ runId, series: SERIES.run, level, start, body });
  }
  for (const [series, seconds] of window.series) {
    const cells = [...seconds]
      .toSorted(([a], [b]) => a - b)
      .map(([second, told]) => ({ ...deltaAt(told), start: second, lastSecond: second }));
    put(series, cells);
  }
  const meta: Meta = {
    names: [...window.names.values()],
    covered: toRanges([...window.known.keys()]),
    maxUsers: Math.max(0, ...all.facts.map((one) => one.maxUsers)),
    errors: window.errors
      .entries()
      .map(([key, at]) => ({ ...(JSON.parse(key) as { id: string; error: string }), at })),
    exceptions: window.exceptions.entries().map(([key, at]) => ({
      ...(JSON.parse(key) as { workers: string; message: string; traceback: string }),
      at,
    })),
  };
  rollups.push({ runId, series: SERIES.meta, level: 0, start, body: encodeMeta(meta) });
  return rollups;
};
