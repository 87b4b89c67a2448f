import type { Rollup, RollupQuery } from "../../stores/ports.ts";
import {
  ROLLUP_SECONDS,
  rollupStart,
  decodeRunCells,
  type RunCell,
  SERIES,
  type Level,
  LEVELS,
} from "../codec/rollup.ts";
import type { Seconds } from "./seconds.ts";

/** Which width of cell is read of which rollup, by the second that the rollup begins with. */
export type Plan = Map<number, Level>;

type Covered = readonly (readonly [from: number, to: number])[];

/** The rollups of a window in which anything is known: a clock that was far off for a moment makes no long walk. */
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
 * The coarsest cells that no cut goes through: `cuts` are seconds before which something ends (the window, the load
 * time), buckets end at multiples of `step`. So sums of whole cells are exact for any window and any bucket.
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

/** One query for each stretch of rollups that are read alike. */
export const queriesOf = (plan: Plan, series: RollupQuery["series"]): RollupQuery[] => {
  const stretches: { level: Level; fromStart: number; toStart: number }[] = [];
  for (const [start, level] of [...plan].toSorted(([a], [b]) => a - b)) {
    const last = stretches.at(-1);
    if (last?.level === level && last.toStart + ROLLUP_SECONDS === start) last.toStart = start;
    else stretches.push({ level, fromStart: start, toStart: start });
  }
  return stretches.map((stretch) => ({ ...stretch, series }));
};

/** Where only some seconds of a wide cell are steady, single seconds are read. `rollups`: the plan's facts. */
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

/** Rollups of which the store has only wider cells left: what the retention took away. */
export const coarserWhereMissing = (
  plan: Plan,
  rollups: readonly Rollup[],
  covered: (start: number) => boolean,
): Plan => {
  const there = new Set(
    rollups.filter(({ series }) => series === SERIES.run).map(({ start }) => start),
  );
  const missing: Plan = new Map();
  for (const [start, level] of plan) {
    const wider = LEVELS[LEVELS.indexOf(level) - 1];
    if (!there.has(start) && wider !== undefined && covered(start)) missing.set(start, wider);
  }
  return missing;
};

export const isSteady = ({ covered, steady }: RunCell): boolean =>
  covered > 0 && steady === covered;
