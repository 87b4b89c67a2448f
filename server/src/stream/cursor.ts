import { AppError } from "../lib/errors.ts";

/** A place in what a run tells: everything up to it has been seen. */
export type Cursor = {
  /** The newest second of a sample. */
  second: number;
  /** Of run events, in the order of arrival. */
  arrival: number;
  /** The newest record of each master process. */
  seqs: Map<string, number>;
};

export const beginning = (): Cursor => ({ second: 0, arrival: 0, seqs: new Map() });

/** `second.arrival.master instance-seq.master instance-seq…`; the same place on every server. */
export const encodeCursor = ({ second, arrival, seqs }: Cursor): string =>
  [
    second,
    arrival,
    ...[...seqs].map(([masterInstanceId, seq]) => `${masterInstanceId}-${seq}`),
  ].join(".");

const FORM = /^\d{1,12}\.\d{1,15}(?:\.[0-9a-f]{32}-\d{1,15})*$/;

/** `0` is the beginning. Throws AppError validation. */
export const decodeCursor = (text: string): Cursor => {
  if (text === "0") return beginning();
  if (!FORM.test(text)) {
    const message = "must be the id of an event of this stream, or 0 to begin with the first";
    throw new AppError("validation", `Last-Event-ID ${message}.`, {
      fields: [{ field: "Last-Event-ID", message }],
    });
  }
  const [second, arrival, ...masterInstances] = text.split(".");
  const seqs = masterInstances.map((part): [string, number] => {
    const [masterInstanceId = "", seq] = part.split("-");
    return [masterInstanceId, Number(seq)];
  });
  return { second: Number(second), arrival: Number(arrival), seqs: new Map(seqs) };
};

/** Has the first reader seen everything that the second has? */
export const isAsFarAs = (one: Cursor, other: Cursor): boolean =>
  one.arrival >= other.arrival &&
  [...other.seqs].every(([masterInstanceId, seq]) => (one.seqs.get(masterInstanceId) ?? 0) >= seq);
