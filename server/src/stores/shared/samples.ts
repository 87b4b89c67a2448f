import type { MetricRecord } from "../model/metric-store.ts";
import { compareText } from "../../lib/text.ts";

/** The types of the records that have a second, which rollups take up: samples, and the server's records of snapshots. */
export const TIMED_TYPES = [2, 8] as const;

/** Whether a record has a second, and it is in the range. */
export const inRange = (
  { second }: Pick<MetricRecord, "second">,
  range: { readonly fromSecond?: number; readonly toSecond?: number },
): boolean =>
  second > 0 &&
  second >= (range.fromSecond ?? 0) &&
  second <= (range.toSecond ?? Number.MAX_SAFE_INTEGER);

/** Ascending numbers as ranges, both ends included. */
export const toRanges = (numbers: readonly number[]): [from: number, to: number][] => {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = Math.max(last[1], number);
    else ranges.push([number, number]);
  }
  return ranges;
};

/** Records grouped by the master instance that numbered them. */
export const byMasterInstance = <One extends Pick<MetricRecord, "masterInstanceId">>(
  records: readonly One[],
): One[][] => [...Map.groupBy(records, ({ masterInstanceId }) => masterInstanceId).values()];

/** Whether two records of one key are the same record sent twice. */
export const sameRecord = (
  a: Pick<MetricRecord, "type" | "second" | "body">,
  b: Pick<MetricRecord, "type" | "second" | "body">,
): boolean => a.type === b.type && a.second === b.second && Buffer.compare(a.body, b.body) === 0;

/** The order of every read: (masterInstanceId, seq). */
export const bySeq = (a: MetricRecord, b: MetricRecord): number =>
  compareText(a.masterInstanceId, b.masterInstanceId) || a.seq - b.seq;
