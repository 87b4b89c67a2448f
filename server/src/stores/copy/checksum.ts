import { createHash } from "node:crypto";
import type { DumpKind, DumpRecords, StoreDump } from "../dump.ts";

/** Count and checksum of all records of a kind; the order of reading does not matter. */
export type Sum = { readonly count: number; readonly checksum: string };

const MODULUS = 2n ** 128n;

/** Keys in one order; text as a database can keep it. */
const canonical = (value: unknown): unknown => {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key.toWellFormed(), canonical(part)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
};

/** 128 bits of the SHA-256 of a record's contents. */
const digestOf = (record: object): bigint => {
  const bytes = Object.values(record).find((value) => value instanceof Uint8Array);
  const rest = Object.entries(record).filter(([, value]) => !(value instanceof Uint8Array));
  const hash = createHash("sha256")
    .update(JSON.stringify(canonical(Object.fromEntries(rest))))
    .update("\0")
    .update(bytes ?? "");
  return BigInt(`0x${hash.digest("hex").slice(0, 32)}`);
};

/** Each store numbers arrivals in its own way: only the order within the run is compared. */
const inOrderOfArrival = (): ((record: object) => object) => {
  let run = "";
  let place = 0;
  return (record) => {
    if (!("arrival" in record && "runId" in record)) return record;
    place = record.runId === run ? place + 1 : 1;
    run = String(record.runId);
    return { ...record, arrival: place };
  };
};

/** Reads all records of a kind. Two stores hold the same where count and checksum are the same. */
export const sumOf = async (
  dump: StoreDump,
  kind: DumpKind,
  onRead: (count: number) => void = () => {},
): Promise<Sum> => {
  const numbered = inOrderOfArrival();
  let [count, sum] = [0, 0n];
  for (let after: string | undefined; ;) {
    const page: { records: DumpRecords[DumpKind][]; last?: string } = await dump.walk(kind, after);
    for (const record of page.records) {
      sum = (sum + digestOf(numbered(record))) % MODULUS;
      count += 1;
    }
    if (page.last === undefined) {
      return { count, checksum: sum.toString(16).padStart(32, "0").slice(0, 16) };
    }
    onRead(count);
    after = page.last;
  }
};
