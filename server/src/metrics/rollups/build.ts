import { getOrCreate } from "../../lib/maps.ts";
import type { Rollup, MetricRecord } from "../../stores/model/metric-store.ts";
import { addRange, type Range } from "../codec/ranges.ts";
import {
  type Cell,
  decodeCells,
  decodeRunCells,
  encodeCells,
  encodeRunCells,
  LEVELS,
  type RunCell,
  SERIES,
} from "../codec/rollup.ts";
import { decodeMeta, encodeMeta, type LastSnapshot, type Meta } from "../codec/rollup-meta.ts";
import {
  combine,
  decodeTable,
  encodeTable,
  TABLE_NAMES,
  type TableCell,
  tableCellsOf,
  type TableName,
  widerTableCells,
} from "../codec/rollup-table.ts";
import { type Delta, endpointsOf } from "../codec/sample.ts";
import { samplesOf } from "../codec/spread.ts";
import { isSteadyUsers, mostUsers, type SecondUsers } from "../codec/users.ts";
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
const UNKNOWN_USERS: SecondUsers = { users: null, target: null };

/** What a window holds, second by second. */
class Window {
  readonly endpoints = new Map<string, Map<number, EndpointSecond>>();
  /** Has every second with a sample. */
  readonly users = new Map<number, SecondUsers>();
  readonly names = new Map<string, readonly [id: string, method: string, name: string]>();
  readonly texts = new Map<string, string>();
  private readonly covered: Range[] = [];
  /** What an earlier meta rollup said: the cells that it was made of may be gone. */
  private older: Pick<Meta, "maxUsers" | "lastUsers"> = { maxUsers: 0 };
  private readonly snapshots = new Map<string, LastSnapshot>();
  private readonly tables = new Map<TableName, Map<string, Map<number, readonly number[]>>>();

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

  /** Notes a second with a sample, and its users where the sample has them. */
  addSecond(second: number, users: SecondUsers = UNKNOWN_USERS): void {
    this.users.set(second, mostUsers(this.users.get(second), users));
  }

  addCovered(from: number, to: number): void {
    addRange(this.covered, from, to);
  }

  addSnapshot(snapshot: LastSnapshot): void {
    const { masterInstanceId, second } = snapshot;
    if (second >= (this.snapshots.get(masterInstanceId)?.second ?? 0))
      this.snapshots.set(masterInstanceId, snapshot);
  }

  /** Cells of one second. Those of the same row and second become one. */
  addTableCells(table: TableName, cells: readonly TableCell[]): void {
    const byKey = getOrCreate(
      this.tables,
      table,
      () => new Map<string, Map<number, readonly number[]>>(),
    );
    for (const { key, start, values } of cells) {
      const seconds = getOrCreate(byKey, key, () => new Map<number, readonly number[]>());
      const before = seconds.get(start);
      seconds.set(start, before === undefined ? values : combine(table, before, values));
    }
  }

  /** By key, then ascending. */
  tableCells(table: TableName): TableCell[] {
    return [...(this.tables.get(table) ?? [])].flatMap(([key, seconds]) =>
      [...seconds].toSorted(([a], [b]) => a - b).map(([start, values]) => ({ key, start, values })),
    );
  }

  addOlder({ maxUsers, lastUsers }: Meta): void {
    this.older = { maxUsers, ...(lastUsers === undefined ? {} : { lastUsers }) };
  }

  meta(): Meta {
    const seconds = [...this.users].toSorted(([a], [b]) => a - b);
    for (const [second] of seconds) this.addCovered(second, second);
    const [second, last] = seconds.findLast(([, { users }]) => users !== null) ?? [];
    const { maxUsers, lastUsers: before } = this.older;
    const isLater = second !== undefined && second >= (before?.second ?? 0);
    const lastUsers = isLater ? { second, users: last?.users ?? 0 } : before;
    return {
      names: [...this.names.values()],
      texts: [...this.texts],
      covered: this.covered,
      maxUsers: Math.max(maxUsers, ...[...this.users.values()].map(({ users }) => users ?? 0)),
      ...(lastUsers === undefined ? {} : { lastUsers }),
      snapshots: [...this.snapshots.values()],
    };
  }
}

const addMeta = (window: Window, body: Uint8Array): void => {
  const meta = decodeMeta(body);
  window.addOlder(meta);
  for (const name of meta.names) window.names.set(name[0], name);
  for (const [id, text] of meta.texts) window.texts.set(id, text);
  for (const [from, to] of meta.covered) window.addCovered(from, to);
  for (const snapshot of meta.snapshots) window.addSnapshot(snapshot);
  window.addTableCells("errors", meta.older.errors);
  window.addTableCells("exceptions", meta.older.exceptions);
};

/** Adds a rollup that was built earlier. Levels above 1 s and SERIES.all are left out: they are built from the others. */
const addRollup = (window: Window, { series, level, start, body }: Rollup): void => {
  if (series === SERIES.meta) {
    addMeta(window, body);
    return;
  }
  if (level !== 1 || series === SERIES.all) return;
  const table = TABLE_NAMES.find((name) => name === series);
  if (table !== undefined) {
    window.addTableCells(table, decodeTable(table, body, level, start));
  } else if (series === SERIES.run) {
    for (const { start: second, users, target } of decodeRunCells(body, level, start))
      window.addSecond(second, users === null || target === null ? undefined : { users, target });
  } else {
    for (const cell of decodeCells(body, level, start))
      window.addEndpoint(series, cell.start, cell);
  }
};

const addRecord = (window: Window, record: MetricRecord): void => {
  for (const sample of samplesOf(record)) {
    const { second, users, snapshot } = sample;
    window.addSecond(
      second,
      users === undefined ? undefined : { users: users.real, target: users.target },
    );
    for (const { id, method, name } of sample.names) window.names.set(id, [id, method, name]);
    for (const { id, text } of sample.texts) window.texts.set(id, text);
    for (const table of TABLE_NAMES) window.addTableCells(table, tableCellsOf(table, sample));
    for (const delta of endpointsOf(sample)) window.addEndpoint(delta.id, second, delta);
    if (snapshot === undefined) continue;
    window.addCovered(Math.min(snapshot.fromSecond, second), second);
    if (snapshot.snapshot !== undefined)
      window.addSnapshot({ ...snapshot, masterInstanceId: record.masterInstanceId, second });
  }
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
      const ofSecond = users.get(start) ?? UNKNOWN_USERS;
      const { users: real, target } = ofSecond;
      return {
        start,
        covered: 1,
        steady: isSteadyUsers(ofSecond) ? 1 : 0,
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
 * Builds the rollups of one window of a run, of all series and levels, from its records of samples and snapshots, and from the rollups that
 * it has already (`before`: SERIES.meta, and level 1 of the others). Everything given belongs to that window.
 */
export const buildRollups = (
  runId: string,
  start: number,
  records: readonly MetricRecord[],
  before: readonly Rollup[],
): Rollup[] => {
  const window = new Window();
  for (const rollup of before) addRollup(window, rollup);
  for (const record of records) addRecord(window, record);
  const rollups: Rollup[] = [];
  const put = (series: string, level: number, body: Uint8Array): void => {
    rollups.push({ runId, series, level, start, body });
  };
  const putLevels = (series: string, seconds: readonly Cell[]): void => {
    let cells = seconds;
    for (const level of LEVELS.toReversed()) {
      if (level > 1) cells = widerCells(cells, level);
      put(series, level, encodeCells(cells, level, start));
    }
  };
  const { all, run } = cellsOfAll(window);
  putLevels(SERIES.all, all);
  for (const level of LEVELS) {
    const cells = level === 1 ? run : widerRunCells(run, level);
    put(SERIES.run, level, encodeRunCells(cells, level, start));
  }
  for (const [series, seconds] of window.endpoints) putLevels(series, endpointCells(seconds));
  for (const table of TABLE_NAMES) {
    const cells = window.tableCells(table);
    if (cells.length === 0) continue;
    for (const level of LEVELS) {
      const ofLevel = level === 1 ? cells : widerTableCells(table, cells, level);
      put(table, level, encodeTable(table, ofLevel, level, start));
    }
  }
  put(SERIES.meta, 0, encodeMeta(window.meta()));
  return rollups;
};
