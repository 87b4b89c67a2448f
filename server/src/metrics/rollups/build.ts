import { getOrCreate } from "../../lib/maps.ts";
import type { Rollup, MetricRecord } from "../../stores/model/metric-store.ts";
import { addRange, type Range } from "../codec/ranges.ts";
import {
  type Cell,
  decodeCells,
  decodeMeta,
  decodeRunCells,
  encodeCells,
  encodeMeta,
  encodeRunCells,
  LEVELS,
  type Meta,
  type RunCell,
  SERIES,
} from "../codec/rollup.ts";
import { decodeSample, type Delta, endpointsOf } from "../codec/sample.ts";
import {
  addDelta,
  addTotals,
  clearTotals,
  deltaOf,
  emptyTotals,
  type Totals,
} from "../codec/totals.ts";

/** One second of an endpoint: its only delta as it arrived, or the totals of several. */
type EndpointSecond = { delta: Delta } | { totals: Totals };
/** Null: unknown. */
type SecondUsers = { users: number | null; target: number | null };
const UNKNOWN_USERS: SecondUsers = { users: null, target: null };

/** Counts by key and second. */
class CountsBySecond {
  private readonly byKey = new Map<string, Map<number, number>>();
  add(key: string, second: number, count: number): void {
    const seconds = getOrCreate(this.byKey, key, () => new Map<number, number>());
    seconds.set(second, (seconds.get(second) ?? 0) + count);
  }
  entries(): [key: string, counts: [second: number, count: number][]][] {
    return [...this.byKey].map(([key, seconds]) => [
      key,
      [...seconds].toSorted(([a], [b]) => a - b),
    ]);
  }
}

type MetaError = Pick<Meta["errors"][number], "id" | "error">;
type MetaException = Omit<Meta["exceptions"][number], "counts">;

/** What a window holds, second by second. */
class Window {
  readonly endpoints = new Map<string, Map<number, EndpointSecond>>();
  /** Has every second with a sample. */
  readonly users = new Map<number, SecondUsers>();
  readonly names = new Map<string, readonly [id: string, method: string, name: string]>();
  private readonly errors = new CountsBySecond();
  private readonly exceptions = new CountsBySecond();

  addEndpoint(id: string, second: number, delta: Delta): void {
    const seconds = getOrCreate(this.endpoints, id, () => new Map<number, EndpointSecond>());
    const existing = seconds.get(second);
    if (existing === undefined) {
      seconds.set(second, { delta });
      return;
    }
    const totals = "totals" in existing ? existing.totals : emptyTotals();
    if ("delta" in existing) addDelta(totals, existing.delta, second);
    addDelta(totals, delta, second);
    seconds.set(second, { totals });
  }

  /** Notes a second with a sample. Without users it keeps those of other samples of the second. */
  addSecond(second: number, users?: SecondUsers): void {
    this.users.set(second, users ?? this.users.get(second) ?? UNKNOWN_USERS);
  }

  addError({ id, error }: MetaError, second: number, count: number): void {
    this.errors.add(JSON.stringify({ id, error }), second, count);
  }

  addException(
    { workers, message, traceback }: MetaException,
    second: number,
    count: number,
  ): void {
    this.exceptions.add(JSON.stringify({ workers, message, traceback }), second, count);
  }

  meta(): Meta {
    const covered: Range[] = [];
    for (const second of [...this.users.keys()].toSorted((a, b) => a - b))
      addRange(covered, second, second);
    return {
      names: [...this.names.values()],
      covered,
      maxUsers: Math.max(0, ...[...this.users.values()].map(({ users }) => users ?? 0)),
      errors: this.errors
        .entries()
        .map(([key, counts]) => ({ ...(JSON.parse(key) as MetaError), counts })),
      exceptions: this.exceptions
        .entries()
        .map(([key, counts]) => ({ ...(JSON.parse(key) as MetaException), counts })),
    };
  }
}

/** Adds a rollup that was built earlier. Levels above 1 s and SERIES.all are left out: they are built from the others. */
const addRollup = (window: Window, { series, level, start, body }: Rollup): void => {
  if (series === SERIES.meta) {
    const meta = decodeMeta(body);
    for (const name of meta.names) window.names.set(name[0], name);
    for (const { counts, ...error } of meta.errors)
      for (const [second, count] of counts) window.addError(error, second, count);
    for (const { counts, ...exception } of meta.exceptions)
      for (const [second, count] of counts) window.addException(exception, second, count);
  } else if (level !== 1 || series === SERIES.all) return;
  else if (series === SERIES.run) {
    for (const { start: second, users, target } of decodeRunCells(body, level, start))
      window.addSecond(second, users === null || target === null ? undefined : { users, target });
  } else {
    for (const cell of decodeCells(body, level, start))
      window.addEndpoint(series, cell.start, cell);
  }
};

const addSample = (window: Window, body: Uint8Array): void => {
  const sample = decodeSample(body);
  const { second, users } = sample;
  window.addSecond(
    second,
    users === undefined ? undefined : { users: users.real, target: users.target },
  );
  for (const { id, method, name } of sample.names) window.names.set(id, [id, method, name]);
  for (const { count, ...error } of sample.errors) window.addError(error, second, count);
  for (const { count, ...exception } of sample.exceptions)
    window.addException(exception, second, count);
  for (const delta of endpointsOf(sample)) window.addEndpoint(delta.id, second, delta);
};

const endpointCells = (seconds: ReadonlyMap<number, EndpointSecond>): Cell[] =>
  [...seconds]
    .toSorted(([a], [b]) => a - b)
    .map(([second, one]) => ({
      ...("delta" in one ? one.delta : deltaOf(one.totals)),
      start: second,
      lastSecond: second,
    }));

/** The one-second cells of all endpoints merged, and of the run. */
const cellsOfAll = ({ endpoints, users }: Window): { all: Cell[]; run: RunCell[] } => {
  const bySecond = new Map<number, Totals>(
    [...users.keys()].map((second) => [second, emptyTotals()]),
  );
  for (const seconds of endpoints.values()) {
    for (const [second, one] of seconds) {
      const totals = bySecond.get(second);
      if (totals === undefined) continue;
      if ("delta" in one) addDelta(totals, one.delta, second);
      else addTotals(totals, one.totals);
    }
  }
  const ascending = [...bySecond].toSorted(([a], [b]) => a - b);
  return {
    all: ascending.map(([start, totals]) => ({ ...deltaOf(totals), start, lastSecond: start })),
    run: ascending.map(([start, { requests }]) => {
      const { users: real, target } = users.get(start) ?? UNKNOWN_USERS;
      const isSteady = real !== null && real === target && real > 0;
      return {
        start,
        covered: 1,
        steady: isSteady ? 1 : 0,
        users: real,
        target,
        maxUsers: real ?? 0,
        lowest: requests,
        highest: requests,
      };
    }),
  };
};

const widerStart = (start: number, level: number): number => Math.floor(start / level) * level;

const widerRunCells = (cells: readonly RunCell[], level: number): RunCell[] => {
  const wider = new Map<number, RunCell>();
  for (const cell of cells) {
    const start = widerStart(cell.start, level);
    const sum = wider.get(start);
    wider.set(
      start,
      sum === undefined
        ? { ...cell, start }
        : {
            start,
            covered: sum.covered + cell.covered,
            steady: sum.steady + cell.steady,
            users: cell.users ?? sum.users,
            target: cell.target ?? sum.target,
            maxUsers: Math.max(sum.maxUsers, cell.maxUsers),
            lowest: Math.min(sum.lowest, cell.lowest),
            highest: Math.max(sum.highest, cell.highest),
          },
    );
  }
  return [...wider.values()];
};

/** Cells of a coarser level. The finer ones ascend, so that one totals object is enough. */
const widerCells = (cells: readonly Cell[], level: number): Cell[] => {
  const wider: Cell[] = [];
  const totals = emptyTotals();
  cells.forEach((cell, index) => {
    const start = widerStart(cell.start, level);
    addDelta(totals, cell, cell.lastSecond);
    const next = cells[index + 1];
    if (next !== undefined && widerStart(next.start, level) === start) return;
    wider.push({ ...deltaOf(totals), start, lastSecond: Math.max(start, totals.lastSecond) });
    clearTotals(totals);
  });
  return wider;
};

/**
 * Builds the rollups of one window of a run, of all series and levels, from its sample records and from the rollups that
 * it has already (`before`: SERIES.meta, and level 1 of the others). Everything given belongs to that window.
 */
export const buildRollups = (
  runId: string,
  start: number,
  samples: readonly MetricRecord[],
  before: readonly Rollup[],
): Rollup[] => {
  const window = new Window();
  for (const rollup of before) addRollup(window, rollup);
  for (const { body } of samples) addSample(window, body);
  const rollups: Rollup[] = [];
  const put = (series: string, level: number, body: Uint8Array): void => {
    rollups.push({ runId, series, level, start, body });
  };
  const putLevels = (series: string, seconds: readonly Cell[]): void => {
    const tens = widerCells(seconds, 10);
    put(series, 1, encodeCells(seconds, 1, start));
    put(series, 10, encodeCells(tens, 10, start));
    put(series, 60, encodeCells(widerCells(tens, 60), 60, start));
  };
  const { all, run } = cellsOfAll(window);
  putLevels(SERIES.all, all);
  for (const level of LEVELS) {
    const cells = level === 1 ? run : widerRunCells(run, level);
    put(SERIES.run, level, encodeRunCells(cells, level, start));
  }
  for (const [series, seconds] of window.endpoints) putLevels(series, endpointCells(seconds));
  put(SERIES.meta, 0, encodeMeta(window.meta()));
  return rollups;
};
