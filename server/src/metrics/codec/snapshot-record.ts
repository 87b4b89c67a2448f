import { RECORD } from "./batch.ts";
import { encodeSample } from "./encode-sample.ts";
import { ROLLUP_SECONDS, rollupStart } from "./rollup.ts";
import type { EndpointDelta, Sample, SnapshotNote } from "./sample.ts";
import { type Counted, partsOf, shareOf } from "./spread.ts";

/** What was counted since the snapshot before, or longer ago, with the seconds that it belongs to. */
type SnapshotCounts = Counted & {
  /** The second of the snapshot. */
  readonly second: number;
  /** Absent where the snapshot does not count. */
  readonly users?: { readonly target: number; readonly real: number };
  readonly names: Sample["names"];
  readonly texts: Sample["texts"];
  readonly note: SnapshotNote & { readonly countsFrom: number };
};

/** A record's content before it has a number. */
export type RecordContent = {
  readonly type: number;
  readonly second: number;
  readonly body: Uint8Array;
  readonly deltas: readonly EndpointDelta[];
  /** Absent where the record says nothing about users. */
  readonly users?: { readonly target: number; readonly real: number };
};

/** The records of a snapshot: one for each rollup window that its counts or its coverage reach into, oldest first. */
export const snapshotRecords = (counted: SnapshotCounts): RecordContent[] => {
  const { second, users, note, names, texts } = counted;
  const { fromSecond, countsFrom, weights, snapshot, counted: beside, workers, ...rest } = note;
  const state = {
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(beside === undefined ? {} : { counted: beside }),
    ...(workers === undefined ? {} : { workers }),
  };
  const parts = partsOf(second - countsFrom + 1, weights);
  const records: RecordContent[] = [];
  const first = Math.min(fromSecond, countsFrom);
  for (let start = rollupStart(first); start <= second; start += ROLLUP_SECONDS) {
    const [from, to] = [Math.max(first, start), Math.min(second, start + ROLLUP_SECONDS - 1)];
    const begin = Math.max(countsFrom, from);
    const { deltas, errors } = shareOf(counted, parts, begin - countsFrom, to + 1 - countsFrom);
    const ofWindow = weights?.slice(begin - countsFrom, to + 1 - countsFrom);
    const isLast = to === second;
    const ofUsers = to < fromSecond || users === undefined ? {} : { users };
    const body = encodeSample({
      second: to,
      ...ofUsers,
      worker: note.source,
      endpoints: deltas,
      names,
      errors,
      texts,
      snapshot: {
        ...rest,
        fromSecond: Math.min(to, Math.max(fromSecond, from)),
        countsFrom: Math.min(to, begin),
        ...(ofWindow === undefined ? {} : { weights: ofWindow }),
        ...(isLast ? state : {}),
      },
    });
    records.push({ type: RECORD.snapshot, second: to, body, deltas, ...ofUsers });
  }
  return records;
};

/** The record of counts at no known time. `note`: of a snapshot that covers no second; it was taken in `fromSecond`. */
export const untimedRecord = (
  { deltas, errors }: Counted,
  { names, texts }: Pick<SnapshotCounts, "names" | "texts">,
  note?: SnapshotNote,
): RecordContent => {
  const snapshot = note === undefined ? {} : { snapshot: note };
  const sample = { second: 0, worker: "", endpoints: deltas, names, errors, texts, ...snapshot };
  return { type: RECORD.untimed, second: 0, body: encodeSample(sample), deltas };
};
