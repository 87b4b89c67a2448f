import type { AppendResult, SampleRow } from "../ports.ts";

/** Rows as they travel between the threads: columns, and all bodies in one buffer that is moved, not copied. */
export type PackedRows = {
  readonly runIds: readonly string[];
  readonly attempts: readonly number[];
  readonly boots: readonly string[];
  readonly seqs: readonly number[];
  readonly types: readonly number[];
  readonly seconds: readonly number[];
  /** The end of each body in `bodies`; it begins where the one before ends. */
  readonly ends: readonly number[];
  readonly bodies: Uint8Array<ArrayBuffer>;
};

export type Call =
  | { readonly do: "append"; readonly rows: PackedRows }
  | {
      readonly do: "read";
      readonly runId: string;
      readonly range?: { readonly fromSecond: number; readonly toSecond: number } | undefined;
    }
  | {
      readonly do: "readAfter";
      readonly runId: string;
      readonly cursor: ReadonlyMap<string, number>;
      readonly limit: number;
    }
  | { readonly do: "deleteRun"; readonly runId: string }
  | { readonly do: "ping" }
  | { readonly do: "close" };

export type Answer = AppendResult | PackedRows | undefined;

export type Request = { readonly id: number; readonly call: Call };
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answer }
  | {
      readonly id: number;
      readonly ok: false;
      readonly message: string;
      readonly code: string | undefined;
      readonly kind: string | undefined;
    };

/** The one copy of the bodies: a caller may use its bytes again at once. */
export const packRows = (rows: readonly SampleRow[]): PackedRows => {
  const ends: number[] = [];
  let size = 0;
  for (const row of rows) ends.push((size += row.body.byteLength));
  const bodies = new Uint8Array(size);
  for (const [index, row] of rows.entries()) bodies.set(row.body, ends[index - 1] ?? 0);
  return {
    runIds: rows.map((row) => row.runId),
    attempts: rows.map((row) => row.attempt),
    boots: rows.map((row) => row.boot),
    seqs: rows.map((row) => row.seq),
    types: rows.map((row) => row.type),
    seconds: rows.map((row) => row.second),
    ends,
    bodies,
  };
};

const at = <T>(column: readonly T[], index: number): T => {
  const value = column[index];
  if (value === undefined) throw new Error("a column of packed rows is too short");
  return value;
};

/** The bodies of the rows are views of the packed buffer. */
export const unpackRows = (packed: PackedRows): SampleRow[] =>
  packed.ends.map((end, index) => ({
    runId: at(packed.runIds, index),
    attempt: at(packed.attempts, index),
    boot: at(packed.boots, index),
    seq: at(packed.seqs, index),
    type: at(packed.types, index),
    second: at(packed.seconds, index),
    body: packed.bodies.subarray(packed.ends[index - 1] ?? 0, end),
  }));
