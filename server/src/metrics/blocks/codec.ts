import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Delta } from "../sample.ts";

/** A block speaks of this many seconds, from a multiple of them on. */
export const BLOCK_SECONDS = 300;
/** Widths of cells in seconds, coarsest first. */
export const LEVELS = [60, 10, 1] as const;
export type Level = (typeof LEVELS)[number];

/** The series in which all endpoints are merged, and the one that holds what is not a number over time. */
export const ALL = "";
export const META = "meta";

export const blockStart = (second: number): number =>
  Math.floor(second / BLOCK_SECONDS) * BLOCK_SECONDS;

/** What is known of the run as a whole in the seconds of a cell. */
export type Facts = {
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
  /** In the series of all endpoints. */
  readonly facts?: Facts;
};

const PLAIN = 1;
const PACKED = 2;
/** Smaller ones gain less than they cost to unpack. */
const PACK_FROM_BYTES = 512;

const pack = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length >= PACK_FROM_BYTES) {
    const packed = zstdCompressSync(bytes);
    if (packed.length < bytes.length * 0.9) {
      return new ByteWriter().byte(PACKED).raw(packed).finish();
    }
  }
  return new ByteWriter().byte(PLAIN).raw(bytes).finish();
};

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

/**
 * Columns of varints: n, whether there are facts, the starts (in cells from the block's start, each from the one
 * before), lastSecond (from the start), sums, facts, lengths of histograms, histograms; compressed where that pays.
 * Cells ascend.
 */
export const encodeCells = (cells: readonly Cell[], level: Level, start: number): Uint8Array => {
  const writer = new ByteWriter().varint(cells.length);
  const facts = cells.flatMap((cell) => cell.facts ?? []);
  const withFacts = facts.length === cells.length && cells.length > 0;
  writer.byte(withFacts ? 1 : 0);
  let previous = start;
  for (const cell of cells) {
    writer.varint((cell.start - previous) / level);
    previous = cell.start;
  }
  if (level > 1) for (const cell of cells) writer.varint(Math.max(0, cell.lastSecond - cell.start));
  for (const column of DELTA_COLUMNS) for (const cell of cells) writer.varint(cell[column]);
  if (withFacts) {
    for (const column of FACT_COLUMNS)
      for (const one of facts) writer.varint((one[column] ?? -1) + 1);
  }
  for (const cell of cells) writer.varint(cell.ok.length);
  for (const cell of cells) writer.varint(cell.failed.length);
  for (const cell of cells) writer.raw(cell.ok);
  for (const cell of cells) writer.raw(cell.failed);
  return pack(writer.finish());
};

/** The cells of a block, ascending; histograms stay encoded. */
export const decodeCells = (body: Uint8Array, level: number, start: number): Cell[] => {
  const reader = new ByteReader(unpack(body));
  const count = reader.varint();
  const withFacts = reader.byte() === 1;
  const column = (): number[] => {
    const values: number[] = [];
    for (let at = 0; at < count; at += 1) values.push(reader.varint());
    return values;
  };
  const starts = column();
  let previous = start;
  for (let at = 0; at < count; at += 1) {
    previous += (starts[at] ?? 0) * level;
    starts[at] = previous;
  }
  const last = level > 1 ? column() : undefined;
  const [requests, failures, noTime, sumUs, minUs, maxUs, bytes] = DELTA_COLUMNS.map(column);
  const facts = withFacts ? FACT_COLUMNS.map(column) : undefined;
  const [okLengths, failedLengths] = [column(), column()];
  const take = (lengths: readonly number[]): Uint8Array[] => lengths.map((n) => reader.take(n));
  const [ok, failed] = [take(okLengths), take(failedLengths)];
  return starts.map((cellStart, at) => {
    const of = (values: readonly number[] | undefined): number => values?.[at] ?? 0;
    const [covered, steady, users, target, maxUsers, lowest, highest] = facts ?? [];
    const known = (values: readonly number[] | undefined): number => of(values) - 1;
    const told = (values: readonly number[] | undefined): number | null =>
      of(values) === 0 ? null : of(values) - 1;
    return {
      start: cellStart,
      lastSecond: cellStart + of(last),
      requests: of(requests),
      failures: of(failures),
      noTime: of(noTime),
      sumUs: of(sumUs),
      minUs: of(minUs),
      maxUs: of(maxUs),
      bytes: of(bytes),
      ok: ok[at] ?? new Uint8Array(0),
      failed: failed[at] ?? new Uint8Array(0),
      ...(facts === undefined
        ? {}
        : {
            facts: {
              covered: known(covered),
              steady: known(steady),
              users: told(users),
              target: told(target),
              maxUsers: known(maxUsers),
              lowest: known(lowest),
              highest: known(highest),
            },
          }),
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
