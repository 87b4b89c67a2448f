import { getOrCreate } from "../../lib/maps.ts";
import { ByteReader, ByteWriter, unzigzag, zigzag } from "./bytes.ts";
import {
  compress,
  KEPT_LEVEL,
  type Level,
  plain,
  readColumn,
  readStarts,
  writeStarts,
  decompress,
} from "./rollup.ts";
import { classesOf, type ProcessState, processesOf, type Sample, WORKER_STATES } from "./sample.ts";

/** How the values of two cells, of which the second is the later one, become one. Seconds are stored from the window's start on. */
type Kind = "sum" | "max" | "last" | "earliest second" | "latest second";

/**
 * The rollup series with a row for each of some things that a run has beside endpoints, and the columns of each:
 * errors and exceptions: count, first and last second; users: target and real users of a class at a cell's end;
 * processes: state, users, highest CPU, sum of CPU, seconds (CPU in 1/100 %), memory, clock offset.
 */
const TABLES = {
  errors: ["sum", "earliest second", "latest second"],
  exceptions: ["sum", "earliest second", "latest second"],
  users: ["last", "last"],
  processes: ["last", "last", "max", "sum", "sum", "max", "last"],
} as const satisfies Record<string, readonly Kind[]>;
export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** The values of one row over `level` seconds from `start` on, in the order of the table's columns. */
export type TableCell = {
  readonly key: string;
  readonly start: number;
  readonly values: readonly number[];
};

const isSecond = (kind: Kind | undefined): boolean =>
  kind === "earliest second" || kind === "latest second";

/** The values of a cell and of a later one. */
export const combine = (
  table: TableName,
  earlier: readonly number[],
  later: readonly number[],
): number[] =>
  TABLES[table].map((kind, column) => {
    const [one, other] = [earlier[column] ?? 0, later[column] ?? 0];
    if (kind === "sum") return one + other;
    if (kind === "last") return other;
    return kind === "earliest second" ? Math.min(one, other) : Math.max(one, other);
  });

/** Cells of a coarser level, by key and start; the finer ones ascend within each key. */
export const widerTableCells = (
  table: TableName,
  cells: readonly TableCell[],
  level: number,
): TableCell[] => {
  const byKey = new Map<string, Map<number, number[]>>();
  for (const { key, start, values } of cells) {
    const wider = getOrCreate(byKey, key, () => new Map<number, number[]>());
    const widerStart = Math.floor(start / level) * level;
    const known = wider.get(widerStart);
    wider.set(widerStart, known === undefined ? [...values] : combine(table, known, values));
  }
  return [...byKey].flatMap(([key, wider]) =>
    [...wider].map(([start, values]) => ({ key, start, values })),
  );
};

/** Encodes cells that are sorted by key, then by start: for each key its text, its starts and its columns. */
export const encodeTable = (
  table: TableName,
  cells: readonly TableCell[],
  level: Level,
  windowStart: number,
): Uint8Array => {
  const byKey = new Map<string, TableCell[]>();
  for (const cell of cells) getOrCreate(byKey, cell.key, () => []).push(cell);
  const writer = new ByteWriter().varint(byKey.size);
  for (const [key, ofKey] of byKey) {
    writer.text(key);
    writeStarts(writer, ofKey, level, windowStart);
    TABLES[table].forEach((kind, column) => {
      for (const { values } of ofKey)
        writer.varint((values[column] ?? 0) - (isSecond(kind) ? windowStart : 0));
    });
  }
  return level < KEPT_LEVEL ? compress(writer.finish()) : plain(writer.finish());
};

/** Decodes the cells of a table's rollup, by key and ascending. */
export const decodeTable = (
  table: TableName,
  body: Uint8Array,
  level: number,
  windowStart: number,
): TableCell[] => {
  const reader = new ByteReader(decompress(body));
  const cells: TableCell[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    const key = reader.text();
    const starts = readStarts(reader, level, windowStart);
    const columns = TABLES[table].map((kind) =>
      readColumn(reader, starts.length).map((value) => value + (isSecond(kind) ? windowStart : 0)),
    );
    starts.forEach((start, index) => {
      cells.push({ key, start, values: columns.map((column) => column[index] ?? 0) });
    });
  }
  return cells;
};

/** 0 stands for unknown. */
const known = (value: number | null): number => (value === null ? 0 : value + 1);
const valueOrNull = (stored: number | undefined): number | null =>
  stored === undefined || stored === 0 ? null : stored - 1;

const processValues = ({
  state,
  users,
  cpuPercent,
  memoryBytes,
  clockOffsetMs,
}: ProcessState): number[] => {
  const cpu = Math.round(cpuPercent * 100);
  return [
    WORKER_STATES.indexOf(state),
    users,
    cpu,
    cpu,
    1,
    known(memoryBytes),
    known(clockOffsetMs === null ? null : zigzag(clockOffsetMs)),
  ];
};

/** The process of a cell of the table `processes`; its CPU is the mean. */
export const processOfCell = ({ key, values }: Pick<TableCell, "key" | "values">) => {
  const [state = 0, users = 0, maxCpu = 0, cpu = 0, seconds = 0, memory, offset] = values;
  const clockOffset = valueOrNull(offset);
  return {
    id: key,
    state: WORKER_STATES[state] ?? "unknown",
    users,
    cpuPercent: seconds === 0 ? 0 : cpu / seconds / 100,
    maxCpuPercent: maxCpu / 100,
    memoryBytes: valueOrNull(memory),
    clockOffsetMs: clockOffset === null ? null : unzigzag(clockOffset),
  };
};

export const errorKey = (error: { readonly id: string; readonly text: string }): string =>
  `${error.id} ${error.text}`;
/** A worker's id may contain spaces, so that it comes last. */
export const exceptionKey = (exception: {
  readonly message: string;
  readonly traceback: string;
  readonly worker: string;
}): string => `${exception.message} ${exception.traceback} ${exception.worker}`;

const ID_LENGTH = 16;
export const errorOfKey = (key: string) => ({
  id: key.slice(0, ID_LENGTH),
  text: key.slice(ID_LENGTH + 1),
});
export const exceptionOfKey = (key: string) => ({
  message: key.slice(0, ID_LENGTH),
  traceback: key.slice(ID_LENGTH + 1, 2 * ID_LENGTH + 1),
  worker: key.slice(2 * ID_LENGTH + 2),
});

/** What a sample says, as cells of one second of a table. */
export const tableCellsOf = (table: TableName, sample: Sample): TableCell[] => {
  const { second } = sample;
  const cell = (key: string, values: number[]): TableCell => ({ key, start: second, values });
  switch (table) {
    case "errors":
      return sample.errors.map((error) => cell(errorKey(error), [error.count, second, second]));
    case "exceptions":
      return sample.exceptions.map((one) => cell(exceptionKey(one), [one.count, second, second]));
    case "users":
      return classesOf(sample).map(({ name, targetUsers, currentUsers }) =>
        cell(name, [targetUsers, currentUsers]),
      );
    case "processes":
      return processesOf(sample).map((one) => cell(one.id, processValues(one)));
  }
};
