import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Delta } from "./sample.ts";

/** A rollup speaks of this many seconds, from a multiple of them on. */
export const ROLLUP_SECONDS = 300;
/** Widths of cells in seconds, coarsest first. */
export const LEVELS = [60, 10, 1] as const;
export type Level = (typeof LEVELS)[number];

/** The rollup series that are not an endpoint's: all endpoints merged, the run's users and coverage, everything that is no number over time. */
export const SERIES = { all: "", run: "run", meta: "meta" } as const;

export const rollupStart = (second: number): number =>
  Math.floor(second / ROLLUP_SECONDS) * ROLLUP_SECONDS;

/** What is known of the run as a whole in the seconds of a cell. */
export type RunCell = {
  readonly start: number;
  /** Seconds of which anything is known, and those of them in which the real users were the target's. */
  readonly covered: number;
  readonly steady: number;
  /** At the cell's end, null where nobody told; and the most within it. */
  readonly users: number | null;
  readonly target: number | null;
  readonly maxUsers: number;
  /** Requests of its quietest and of its busiest second. */
  readonly lowest: number;
  readonly highest: number;
};

/** The sums of one series over `level` seconds from `start` on. */
export type Cell = Delta & {
  readonly start: number;
  /** The last second in which a request completed. */
  readonly lastSecond: number;
};

const NOTHING = new Uint8Array(0);
const PLAIN = 1;
const PACKED = 2;
/** Smaller ones gain less than unpacking them costs. */
const PACK_FROM_BYTES = 1024;

const pack = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length >= PACK_FROM_BYTES) {
    const packed = zstdCompressSync(bytes);
    if (packed.length < bytes.length * 0.9) {
      return new ByteWriter().byte(PACKED).raw(packed).finish();
    }
  }
  return new ByteWriter().byte(PLAIN).raw(bytes).finish();
};
const plain = (bytes: Uint8Array): Uint8Array => new ByteWriter().byte(PLAIN).raw(bytes).finish();

const unpack = (body: Uint8Array): Uint8Array =>
  body[0] === PACKED ? zstdDecompressSync(body.subarray(1)) : body.subarray(1);

const DELTA_COLUMNS = [
  "requests",
  "failures",
  "noTime",
  "sumUs",
  "minUs",
  "maxUs",
  "bytes",
] as const;
const FACT_COLUMNS = [
  "covered",
  "steady",
  "users",
  "target",
  "maxUsers",
  "lowest",
  "highest",
] as const;

/** Starts as cells from the one before; they ascend. */
const writeStarts = (
  writer: ByteWriter,
  cells: readonly { readonly start: number }[],
  level: number,
  start: number,
): void => {
  writer.varint(cells.length);
  let previous = start;
  for (const cell of cells) {
    writer.varint((cell.start - previous) / level);
    previous = cell.start;
  }
};
const readColumn = (reader: ByteReader, count: number): number[] => {
  const values: number[] = [];
  for (let at = 0; at < count; at += 1) values.push(reader.varint());
  return values;
};
const readStarts = (reader: ByteReader, level: number, start: number): number[] => {
  const starts = readColumn(reader, reader.varint());
  let previous = start;
  return starts.map((cells) => (previous += cells * level));
};

/**
 * Columns of varints: starts, lastSecond (from the start), sums, lengths of histograms, histograms. The
 * widest are not compressed: they are small, and many are read for one chart.
 */
export const encodeCells = (cells: readonly Cell[], level: Level, start: number): Uint8Array => {
  const writer = new ByteWriter();
  writeStarts(writer, cells, level, start);
  if (level > 1) for (const cell of cells) writer.varint(Math.max(0, cell.lastSecond - cell.start));
  for (const column of DELTA_COLUMNS) for (const cell of cells) writer.varint(cell[column]);
  for (const cell of cells) writer.varint(cell.ok.length);
  for (const cell of cells) writer.varint(cell.failed.length);
  for (const cell of cells) writer.raw(cell.ok);
  for (const cell of cells) writer.raw(cell.failed);
  return level < 60 ? pack(writer.finish()) : plain(writer.finish());
};

/** The cells of a rollup, ascending; histograms stay encoded. */
export const decodeCells = (body: Uint8Array, level: number, start: number): Cell[] => {
  const reader = new ByteReader(unpack(body));
  const starts = readStarts(reader, level, start);
  const column = (): number[] => readColumn(reader, starts.length);
  const last = level > 1 ? column() : [];
  const [requests, failures, noTime, sumUs, minUs, maxUs, bytes] = DELTA_COLUMNS.map(column);
  const [okLengths, failedLengths] = [column(), column()];
  const take = (lengths: readonly number[]): Uint8Array[] => lengths.map((n) => reader.take(n));
  const [ok, failed] = [take(okLengths), take(failedLengths)];
  return starts.map((cellStart, at) => ({
    start: cellStart,
    lastSecond: cellStart + (last[at] ?? 0),
    requests: requests?.[at] ?? 0,
    failures: failures?.[at] ?? 0,
    noTime: noTime?.[at] ?? 0,
    sumUs: sumUs?.[at] ?? 0,
    minUs: minUs?.[at] ?? 0,
    maxUs: maxUs?.[at] ?? 0,
    bytes: bytes?.[at] ?? 0,
    ok: ok[at] ?? NOTHING,
    failed: failed[at] ?? NOTHING,
  }));
};

/** Columns of varints: starts, and each fact plus one, 0 where it is unknown. */
export const encodeRunCells = (
  facts: readonly RunCell[],
  level: Level,
  start: number,
): Uint8Array => {
  const writer = new ByteWriter();
  writeStarts(writer, facts, level, start);
  for (const column of FACT_COLUMNS)
    for (const one of facts) writer.varint((one[column] ?? -1) + 1);
  return plain(writer.finish());
};

export const decodeRunCells = (body: Uint8Array, level: number, start: number): RunCell[] => {
  const reader = new ByteReader(unpack(body));
  const starts = readStarts(reader, level, start);
  const [covered, steady, users, target, maxUsers, lowest, highest] = FACT_COLUMNS.map(() =>
    readColumn(reader, starts.length),
  );
  return starts.map((cellStart, at) => {
    const known = (column: readonly number[] | undefined): number => (column?.[at] ?? 1) - 1;
    const told = (column: readonly number[] | undefined): number | null =>
      column?.[at] === 0 ? null : known(column);
    return {
      start: cellStart,
      covered: known(covered),
      steady: known(steady),
      users: told(users),
      target: told(target),
      maxUsers: known(maxUsers),
      lowest: known(lowest),
      highest: known(highest),
    };
  });
};

/** What a run's rows told in these seconds besides numbers over time. */
export type Meta = {
  readonly names: readonly (readonly [id: string, method: string, name: string])[];
  /** Seconds of which anything is known, as ranges with both ends included. */
  readonly covered: readonly (readonly [from: number, to: number])[];
  readonly maxUsers: number;
  readonly errors: readonly {
    readonly id: string;
    readonly error: string;
    /** How often, in which second. */
    readonly at: readonly (readonly [second: number, count: number])[];
  }[];
  readonly exceptions: readonly {
    readonly workers: string;
    readonly message: string;
    readonly traceback: string;
    readonly at: readonly (readonly [second: number, count: number])[];
  }[];
};

export const encodeMeta = (meta: Meta): Uint8Array => pack(Buffer.from(JSON.stringify(meta)));

export const decodeMeta = (body: Uint8Array): Meta =>
  // Only we write it, and only with the function above.
  JSON.parse(Buffer.from(unpack(body)).toString("utf8")) as Meta;
