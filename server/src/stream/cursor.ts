import { EVENT_ID, NOT_AN_EVENT_ID } from "@load-manager/contract/api/metrics-detail.ts";
import { invalid } from "../lib/errors.ts";

/** A position in the stream of a run: a reader at the cursor has received everything up to it. */
export type Cursor = {
  /** The newest Unix second of a sample. */
  second: number;
  /** The newest run event, in the order of arrival. */
  arrival: number;
  /** The newest record number of each master instance, as in the position of a `SampleFollower`. */
  seqs: Map<string, number>;
};

export const startCursor = (): Cursor => ({ second: 0, arrival: 0, seqs: new Map() });

export const copyCursor = ({ second, arrival, seqs }: Cursor): Cursor => ({
  second,
  arrival,
  seqs: new Map(seqs),
});

/** A position has four decimals at most; the point separates the parts of a cursor. */
const encodeSeq = (seq: number): string =>
  Number.isInteger(seq) ? `${seq}` : seq.toFixed(4).replace(".", "+");
const decodeSeq = (text: string): number => Number(text.replace("+", "."));

/** Encodes a cursor as `second.arrival.masterInstanceId-seq.masterInstanceId-seq…`: every server can continue from it. */
export const encodeCursor = ({ second, arrival, seqs }: Cursor): string =>
  [
    second,
    arrival,
    ...[...seqs].map(([masterInstanceId, seq]) => `${masterInstanceId}-${encodeSeq(seq)}`),
  ].join(".");

/** Decodes the id of an event; `0` is the start. Throws AppError validation for anything else. */
export const decodeCursor = (text: string): Cursor => {
  if (text === "0") return startCursor();
  if (!EVENT_ID.test(text)) {
    throw invalid("Last-Event-ID", NOT_AN_EVENT_ID);
  }
  const [second, arrival, ...masterInstances] = text.split(".");
  const seqs = masterInstances.map((part): [string, number] => {
    const [masterInstanceId = "", seq = ""] = part.split("-");
    return [masterInstanceId, decodeSeq(seq)];
  });
  return { second: Number(second), arrival: Number(arrival), seqs: new Map(seqs) };
};

/** Whether a reader at the first cursor has received everything up to the second one. */
export const hasReached = (cursor: Cursor, other: Cursor): boolean =>
  cursor.arrival >= other.arrival &&
  [...other.seqs].every(
    ([masterInstanceId, seq]) => (cursor.seqs.get(masterInstanceId) ?? 0) >= seq,
  );
