import type { Rollup, RollupQuery } from "../../stores/model/metric-store.ts";
import {
  ROLLUP_SECONDS,
  rollupStart,
  decodeRunCells,
  type RunCell,
  SERIES,
  type Level,
  KEPT_LEVEL,
  LEVELS,
} from "../codec/rollup.ts";
import type { Seconds } from "./seconds.ts";

/** The width of the cells to read, by the start of the rollup. */
export type Plan = Map<number, Level>;

/** Ranges of seconds, both ends included. */
export type Covered = readonly (readonly [from: number, to: number])[];

/**
 * Whether a second, or the cell that begins with it, belongs to a window. The run's first cell may begin before the run
 * does, where the retention has left only wide ones.
 */
export const isInWindow = (
  start: number,
  { from, to, covered }: Seconds & { readonly covered: Covered },
): boolean => Math.max(start, covered[0]?.[0] ?? start) >= from && start <= to;

/** The starts of a window's rollups with samples. Skipping empty ones matters where one sample's clock was years off. */
export const rollupStarts = (window: Seconds, covered: Covered): number[] => {
  const starts = new Set<number>();
  for (const [from, to] of covered) {
    const last = Math.min(to, window.to);
    for (
      let start = rollupStart(Math.max(from, window.from));
      start <= last;
      start += ROLLUP_SECONDS
    )
      starts.add(start);
  }
  return [...starts].toSorted((a, b) => a - b);
};

/**
 * Plans the coarsest cells that contain no cut, so that sums of whole cells are exact for any window and bucket. `cuts`
 * are the seconds at which the window and the load time begin and end; buckets begin at multiples of `step`.
 */
export const planOf = (
  window: Seconds,
  covered: Covered,
  cuts: readonly number[],
  step: number | undefined,
): Plan => {
  const plan: Plan = new Map();
  for (const start of rollupStarts(window, covered)) {
    const inside = cuts.filter((cut) => cut > start && cut < start + ROLLUP_SECONDS);
    const fits = (level: number): boolean =>
      inside.every((cut) => cut % level === 0) && (step === undefined || step % level === 0);
    plan.set(start, LEVELS.find(fits) ?? 1);
  }
  return plan;
};

/** One query for each sequence of adjacent rollups with the same level; none without series. */
export const queriesOf = (plan: Plan, series: RollupQuery["series"]): RollupQuery[] => {
  if (series.length === 0) return [];
  const sequences: { level: Level; fromStart: number; toStart: number }[] = [];
  for (const [start, level] of [...plan].toSorted(([a], [b]) => a - b)) {
    const last = sequences.at(-1);
    if (last?.level === level && last.toStart + ROLLUP_SECONDS === start) last.toStart = start;
    else sequences.push({ level, fromStart: start, toStart: start });
  }
  return sequences.map((sequence) => ({ ...sequence, series }));
};

/** Replaces cells of which only some seconds are steady by one-second cells. `rollups`: the run series of the plan. */
export const refineForSteady = (plan: Plan, rollups: readonly Rollup[]): Plan => {
  const refined: Plan = new Map([...plan.keys()].map((start) => [start, 1]));
  for (const { start, level, body } of rollups) {
    const planned = plan.get(start);
    if (planned === undefined || planned !== level) continue;
    const mixed = decodeRunCells(body, level, start).some(
      ({ steady, covered }) => steady > 0 && steady < covered,
    );
    if (!mixed) refined.set(start, planned);
  }
  return refined;
};

/**
 * What to read for the rollups that were planned, are not found and must have been (`isDeleted`): the next wider cells,
 * where the retention has deleted the narrow ones, and cells of a minute where a rollup is older than the widest level.
 */
export const insteadOfMissing = (
  plan: Plan,
  rollups: readonly Rollup[],
  isDeleted: (start: number) => boolean,
): Plan => {
  const found = new Set(
    rollups.filter(({ series }) => series === SERIES.run).map(({ start }) => start),
  );
  const missing: Plan = new Map();
  for (const [start, level] of plan) {
    if (found.has(start) || level === KEPT_LEVEL) continue;
    const wider = LEVELS[LEVELS.indexOf(level) - 1];
    if (!isDeleted(start)) continue;
    missing.set(start, level > KEPT_LEVEL || wider === undefined ? KEPT_LEVEL : wider);
  }
  return missing;
};

/** The narrowest cells of the rollups that have wider ones, and records beside them. */
export const finestBeside = (rollups: readonly Rollup[], withRecords: ReadonlySet<number>): Plan =>
  new Map(
    rollups
      .filter(({ level, start }) => level > 1 && withRecords.has(start))
      .map(({ start }) => [start, 1]),
  );

/** Whether the real users were as many as targeted in every second of a cell. */
export const isSteady = ({ covered, steady }: RunCell): boolean =>
  covered > 0 && steady === covered;
