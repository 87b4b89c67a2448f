import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Delta } from "./sample.ts";

/** The length of a rollup's window in seconds; windows start at its multiples. */
export const ROLLUP_SECONDS = 300;
/** The widths of cells in seconds, coarsest first. */
export const LEVELS = [300, 60, 10, 1] as const;
export type Level = (typeof LEVELS)[number];
/** The narrowest cells that are kept as long as the run. */
export const KEPT_LEVEL = 60;

/** The rollup series that are not an endpoint's: all endpoints merged, the run's users and coverage, everything that is no number over time. */
export const SERIES = { all: "", run: "run", meta: "meta" } as const;

/** The start of the rollup window of a second. */
export const rollupStart = (second: number): number =>
  Math.floor(second / ROLLUP_SECONDS) * ROLLUP_SECONDS;

/** The users and the coverage of a run in the seconds of a cell. */
export type RunCell = {
  readonly start: number;
  /** Seconds with a sample, and those of them in which the real users were as many as targeted. */
  readonly covered: number;
  readonly steady: number;
  /** At the cell's end (null: unknown), and the most within it. */
  readonly users: number | null;
  readonly target: number | null;
  readonly maxUsers: number;
  /** Requests in the second with the fewest and in that with the most. */
  readonly lowest: number;
  readonly highest: number;
};

/** The sums of one series over `level` seconds from `start` on. */
export type Cell = Delta & {
  readonly start: number;
  /** The last second in which a request completed. */
  readonly lastSecond: number;
};

const EMPTY = new Uint8Array(0);
/** The first byte of a rollup's body. */
const ENCODING = { plain: 1, zstd: 2 } as const;
/** For smaller bodies decompression costs more than the space is worth. */
const COMPRESS_FROM_BYTES = 1024;

export const plain = (bytes: Uint8Array): Uint8Array =>
  new ByteWriter().byte(ENCODING.plain).raw(bytes).finish();

export const compress = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < COMPRESS_FROM_BYTES) return plain(bytes);
  const compressed = zstdCompressSync(bytes);
  if (compressed.length >= bytes.length * 0.9) return plain(bytes);
  return new ByteWriter().byte(ENCODING.zstd).raw(compressed).finish();
};

export const decompress = (body: Uint8Array): Uint8Array =>
  body[0] === ENCODING.zstd ? zstdDecompressSync(body.subarray(1)) : body.subarray(1);

const DELTA_COLUMNS = [
  "requests",
  "failures",
  "noTime",
  "sumUs",
  "minUs",
  "maxUs",
  "bytes",
] as const;
const RUN_COLUMNS = [
  "covered",
  "steady",
  "users",
  "target",
  "maxUsers",
  "lowest",
  "highest",
] as const;

/** Ascending starts, each as the distance in cells from the one before. */
export const writeStarts = (
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
export const readColumn = (reader: ByteReader, count: number): number[] => {
  const values: number[] = [];
  for (let index = 0; index < count; index += 1) values.push(reader.varint());
  return values;
};
export const readStarts = (reader: ByteReader, level: number, start: number): number[] => {
  const starts = readColumn(reader, reader.varint());
  let previous = start;
  return starts.map((distance) => (previous += distance * level));
};

/**
 * Encodes cells as columns: starts, lastSecond (from the start), sums, lengths of histograms, histograms. Cells of a
 * minute and wider ones are not compressed: they are small, and one chart reads many.
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
  return level < KEPT_LEVEL ? compress(writer.finish()) : plain(writer.finish());
};

/** Decodes the cells of a rollup, ascending; histograms stay encoded. */
export const decodeCells = (body: Uint8Array, level: number, start: number): Cell[] => {
  const reader = new ByteReader(decompress(body));
  const starts = readStarts(reader, level, start);
  const column = (): number[] => readColumn(reader, starts.length);
  const last = level > 1 ? column() : [];
  const [requests, failures, noTime, sumUs, minUs, maxUs, bytes] = DELTA_COLUMNS.map(column);
  const [okLengths, failedLengths] = [column(), column()];
  const take = (lengths: readonly number[]): Uint8Array[] => lengths.map((n) => reader.take(n));
  const [ok, failed] = [take(okLengths), take(failedLengths)];
  return starts.map((cellStart, index) => ({
    start: cellStart,
    lastSecond: cellStart + (last[index] ?? 0),
    requests: requests?.[index] ?? 0,
    failures: failures?.[index] ?? 0,
    noTime: noTime?.[index] ?? 0,
    sumUs: sumUs?.[index] ?? 0,
    minUs: minUs?.[index] ?? 0,
    maxUs: maxUs?.[index] ?? 0,
    bytes: bytes?.[index] ?? 0,
    ok: ok[index] ?? EMPTY,
    failed: failed[index] ?? EMPTY,
  }));
};

/** Encodes run cells as columns: starts, and each value plus one, 0 where it is unknown. */
export const encodeRunCells = (
  cells: readonly RunCell[],
  level: Level,
  start: number,
): Uint8Array => {
  const writer = new ByteWriter();
  writeStarts(writer, cells, level, start);
  for (const column of RUN_COLUMNS)
    for (const cell of cells) writer.varint((cell[column] ?? -1) + 1);
  return plain(writer.finish());
};

export const decodeRunCells = (body: Uint8Array, level: number, start: number): RunCell[] => {
  const reader = new ByteReader(decompress(body));
  const starts = readStarts(reader, level, start);
  const [covered, steady, users, target, maxUsers, lowest, highest] = RUN_COLUMNS.map(() =>
    readColumn(reader, starts.length),
  );
  return starts.map((cellStart, index) => {
    const value = (column: readonly number[] | undefined): number => (column?.[index] ?? 1) - 1;
    const nullable = (column: readonly number[] | undefined): number | null =>
      column?.[index] === 0 ? null : value(column);
    return {
      start: cellStart,
      covered: value(covered),
      steady: value(steady),
      users: nullable(users),
      target: nullable(target),
      maxUsers: value(maxUsers),
      lowest: value(lowest),
      highest: value(highest),
    };
  });
};
