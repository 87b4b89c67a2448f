import { compress, decompress } from "./rollup.ts";
import { errorKey, exceptionKey, type TableCell } from "./rollup-table.ts";
import { type SnapshotNote, textId } from "./sample.ts";

/** The newest cumulative snapshot of a master instance in a window. */
export type LastSnapshot = SnapshotNote & {
  readonly masterInstanceId: string;
  readonly second: number;
};

/** What a window's records hold that is no number over time. */
export type Meta = {
  readonly names: readonly (readonly [id: string, method: string, name: string])[];
  readonly texts: readonly (readonly [id: string, text: string])[];
  /** Seconds with a sample, as ranges with both ends included. */
  readonly covered: readonly (readonly [from: number, to: number])[];
  readonly maxUsers: number;
  /** The users at the last second that has them; absent where none has. */
  readonly lastUsers?: { readonly second: number; readonly users: number };
  readonly snapshots: readonly LastSnapshot[];
};

/** Errors and exceptions were part of the meta rollup before they had tables of their own. */
type OlderMeta = {
  readonly errors?: readonly {
    readonly id: string;
    readonly error: string;
    readonly counts: readonly (readonly [second: number, count: number])[];
  }[];
  readonly exceptions?: readonly {
    readonly workers: string;
    readonly message: string;
    readonly traceback: string;
    readonly counts: readonly (readonly [second: number, count: number])[];
  }[];
};

export type DecodedMeta = Meta & {
  /** One-second cells of those tables, of a rollup that is older than they are. */
  readonly older: {
    readonly errors: readonly TableCell[];
    readonly exceptions: readonly TableCell[];
  };
};

export const encodeMeta = (meta: Meta): Uint8Array => compress(Buffer.from(JSON.stringify(meta)));

const cellsOf = (key: string, counts: readonly (readonly [number, number])[]): TableCell[] =>
  counts.map(([second, count]) => ({ key, start: second, values: [count, second, second] }));

/** Decodes what `encodeMeta` has written, now or before there were tables. */
export const decodeMeta = (body: Uint8Array): DecodedMeta => {
  // Unchecked: only encodeMeta writes it.
  const meta = JSON.parse(Buffer.from(decompress(body)).toString("utf8")) as Partial<Meta> &
    OlderMeta;
  const { names = [], covered = [], maxUsers = 0, lastUsers, snapshots = [] } = meta;
  const texts = [...(meta.texts ?? [])];
  const idOf = (text: string): string => {
    const id = textId(text);
    texts.push([id, text]);
    return id;
  };
  const errors = (meta.errors ?? []).flatMap(({ id, error, counts }) =>
    cellsOf(errorKey({ id, text: idOf(error) }), counts),
  );
  const exceptions = (meta.exceptions ?? []).flatMap(({ workers, message, traceback, counts }) =>
    cellsOf(
      exceptionKey({ worker: workers, message: idOf(message), traceback: idOf(traceback) }),
      counts,
    ),
  );
  return {
    names,
    texts,
    covered,
    maxUsers,
    ...(lastUsers === undefined ? {} : { lastUsers }),
    snapshots,
    older: { errors, exceptions },
  };
};
