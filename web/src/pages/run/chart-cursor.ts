import type { TimeSeries } from "../../charts/time-chart.tsx";
import { clock, sinceStart } from "../../format/times.ts";

/** Where the cursor of the charts is, and where the window that it chooses begins; in seconds since load start. */
export type ChartCursor = { readonly at: number; readonly anchor?: number };

/** Charts that have the same times. */
export type ChartPart = {
  readonly title: string;
  readonly times: readonly number[];
  readonly series: readonly TimeSeries[];
};

const nearestIndex = (times: readonly number[], at: number): number =>
  times.reduce(
    (best, time, index) => (Math.abs(time - at) < Math.abs((times[best] ?? 0) - at) ? index : best),
    0,
  );

/**
 * The cursor one point further, which stays at the first and last. Without a cursor it begins at the end from which it comes.
 * `isChoosing`: the window from where it was first is chosen.
 */
export const movedCursor = (
  times: readonly number[],
  before: ChartCursor | undefined,
  way: 1 | -1,
  isChoosing: boolean,
): ChartCursor | undefined => {
  const index =
    before === undefined ? (way === 1 ? -1 : times.length) : nearestIndex(times, before.at);
  const at = times[Math.min(Math.max(index + way, 0), times.length - 1)];
  if (at === undefined) return undefined;
  return isChoosing ? { at, anchor: before?.anchor ?? before?.at ?? at } : { at };
};

/** What is chosen; `undefined` while that is nothing. */
export const chosenSpan = (
  cursor: ChartCursor | undefined,
): readonly [number, number] | undefined => {
  if (cursor?.anchor === undefined || cursor.anchor === cursor.at) return undefined;
  const { at, anchor } = cursor;
  return [Math.min(at, anchor), Math.max(at, anchor)];
};

const valuesOf = ({ times, series }: ChartPart, at: number): string[] => {
  // The point in which the time lies; the points of other charts begin at other times.
  const index = times.findLastIndex((time) => time <= at + 1e-6);
  return series.map(({ label, values, format }) => {
    const value = values[index];
    return `${label} ${value == null ? "unknown" : format(value)}`;
  });
};

/** What a screen reader says of the cursor: its time, the window that is chosen, and the values of all charts. */
export const cursorText = (
  cursor: ChartCursor,
  parts: readonly ChartPart[],
  loadStartMs: number,
): string => {
  const chosen = chosenSpan(cursor);
  const window =
    chosen === undefined
      ? []
      : [`Window ${chosen.map(sinceStart).join(" to ")}, Enter zooms to it`];
  return [
    `${sinceStart(cursor.at)}, ${clock(loadStartMs + cursor.at * 1000)}`,
    ...window,
    ...parts
      .filter(({ series }) => series.length > 0)
      .map((part) => `${part.title}: ${valuesOf(part, cursor.at).join(", ")}`),
  ].join(". ");
};
