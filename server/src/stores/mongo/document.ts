import { Binary, type Document, Long } from "mongodb";

/**
 * Maps whose keys are users': kept as one JSON text, since keys with dots, dollars or nothing are not every server's
 * to keep. They stand at the top of an entity.
 */
const FREE_MAPS: ReadonlySet<string> = new Set([
  "metadata",
  "environment",
  "scriptOptions",
  "data",
]);

/** Integers as BSON long, whatever their size: a field has one type, also for other programs. */
const encoded = (value: unknown): unknown => {
  if (typeof value === "number")
    return Number.isSafeInteger(value) ? Long.fromNumber(value) : value;
  if (Array.isArray(value)) return value.map(encoded);
  if (value instanceof Uint8Array) return new Binary(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) =>
      part === undefined ? [] : [[key, encoded(part)]],
    ),
  );
};

/** The entity's fields under their own names. */
export const toDocument = (entity: object): Document =>
  Object.fromEntries(
    Object.entries(entity).flatMap(([field, value]) => {
      if (value === undefined) return [];
      return [[field, FREE_MAPS.has(field) ? JSON.stringify(value) : encoded(value)]];
    }),
  );

/** What `toDocument` was given, without the fields named, which are the store's. */
export const fromDocument = <T>(document: Document, ...without: readonly string[]): T =>
  Object.fromEntries(
    Object.entries(document).flatMap(([field, value]) => {
      if (field === "_id" || without.includes(field)) return [];
      return [[field, FREE_MAPS.has(field) ? JSON.parse(String(value)) : value]];
    }),
  ) as T;

export const long = (value: number): Long => Long.fromNumber(value);

/** Bytes of their own, not a part of what the driver has read. */
export const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Binary
    ? Uint8Array.from(value.buffer.subarray(0, value.position))
    : new Uint8Array();

/** The change that a compact patch is: `null` takes a field away, `undefined` leaves it. */
export const changeOf = (patch: object): { $set?: Document; $unset?: Document } => {
  const entries = Object.entries(patch);
  const set = entries.filter(([, value]) => value !== undefined && value !== null);
  const unset = entries.filter(([, value]) => value === null).map(([field]) => [field, ""]);
  return {
    ...(set.length === 0 ? {} : { $set: toDocument(Object.fromEntries(set)) }),
    ...(unset.length === 0 ? {} : { $unset: Object.fromEntries(unset) }),
  };
};
