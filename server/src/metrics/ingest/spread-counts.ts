import { SPREAD_SECONDS } from "../codec/spread.ts";
import type { MasterInstance, SecondCounts } from "../live/run-aggregate.ts";

/** The seconds over which counts are spread, and the part of each. */
export type Spread = {
  readonly from: number;
  readonly to: number;
  /** The first second over which later counts may be spread. */
  readonly notBefore: number;
  readonly weights: readonly number[];
};

/** Raises the lowest of some values first, until together they have grown by `added`. Returns by how much each has grown. */
const levelled = (values: readonly number[], added: number): number[] => {
  const ascending = values.toSorted((a, b) => a - b);
  let level = 0;
  let sum = 0;
  for (const [index, value] of ascending.entries()) {
    sum += value;
    level = (added + sum) / (index + 1);
    if (level <= (ascending[index + 1] ?? Number.POSITIVE_INFINITY)) break;
  }
  let total = 0;
  return values.map((value) => {
    const before = Math.round(total);
    total += Math.max(0, level - value);
    return Math.round(total) - before;
  });
};

/**
 * Spreads the requests that a snapshot shows for the first time over the seconds in which they may have completed, so that
 * these become as even as they can be: reports of every 3 s that are seen every 2 s then make a steady load steady. They are
 * in the load time: what is seen shortly after its end had completed before.
 * `next`: the second after the snapshot before, or in which load began. `loadEndMs`: Unix ms.
 */
export const spreadOf = (input: {
  readonly second: number;
  readonly next: number;
  readonly before: MasterInstance["snapshot"];
  readonly loadEndMs: number | undefined;
  readonly requests: number;
  readonly recent: ReadonlyMap<number, SecondCounts>;
}): Spread => {
  const { second, next, before, loadEndMs, requests, recent } = input;
  const lastOfLoad = loadEndMs === undefined ? second : Math.ceil(loadEndMs / 1000) - 1;
  const isJustAfter = second > lastOfLoad && second - lastOfLoad <= SPREAD_SECONDS;
  const to = isJustAfter ? lastOfLoad : second;
  const { changedSecond: changed, notBefore: earliest = next } = before ?? {};
  // Nothing completed while the page stood still.
  const stoodStill = changed === undefined || next - 1 - changed >= SPREAD_SECONDS;
  const notBefore = stoodStill ? next : earliest;
  const wanted = stoodStill ? next : Math.min(changed + 1, to - SPREAD_SECONDS + 1);
  const from = Math.min(to, Math.max(notBefore, wanted));
  const counts = Array.from(
    { length: to - from + 1 },
    (_, index) => recent.get(from + index)?.requests ?? 0,
  );
  return { from, to, notBefore, weights: levelled(counts, requests) };
};
