import { Binary, type Document, Long } from "mongodb";
import type { Description } from "../model/description.ts";
import { fieldOf, keyOf } from "../shared/columns.ts";

/**
 * Maps whose keys users choose, at the top of an entity: each is one JSON text, since some servers refuse keys with dots or
 * dollars, and empty ones. A description names its own; this is for documents that no description covers.
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
export const toDocument = (entity: object, freeMaps = FREE_MAPS): Document =>
  Object.fromEntries(
    Object.entries(entity).flatMap(([field, value]) => {
      if (value === undefined) return [];
      return [[field, freeMaps.has(field) ? JSON.stringify(value) : encoded(value)]];
    }),
  );

const decoded = <T>(document: Document, without: readonly string[], freeMaps = FREE_MAPS): T =>
  Object.fromEntries(
    Object.entries(document).flatMap(([field, value]) => {
      if (field === "_id" || without.includes(field)) return [];
      return [[field, freeMaps.has(field) ? JSON.parse(String(value)) : value]];
    }),
  ) as T;

/** What `toDocument` was given, without the fields named, which are the store's. */
export const fromDocument = <T>(document: Document, ...without: readonly string[]): T =>
  decoded(document, without);

/** How entities of a description are stored: `_id` is the key, and derived columns are fields beside the entity's own. */
export const encodingOf = <T extends object>(description: Description<T>) => {
  const freeMaps = new Set<string>(description.freeMaps);
  const derived = Object.entries(description.columns).flatMap(([column, { derived: of }]) =>
    of === undefined ? [] : [[column, of] as const],
  );
  const names = derived.map(([column]) => column);
  /** The derived columns of the fields that are there. */
  const besides = (fields: object): Document =>
    Object.fromEntries(
      derived.flatMap(([column, { from, by }]) => {
        const text = fieldOf(fields, from);
        return typeof text === "string" ? [[column, by(text)]] : [];
      }),
    );
  const toFields = (fields: object): Document => ({
    ...toDocument(fields, freeMaps),
    ...besides(fields),
  });
  return {
    toDocument: (entity: T): Document & { _id: string } => ({
      _id: keyOf(description, entity),
      ...toFields(entity),
    }),
    fromDocument: (document: Document): T => decoded(document, names, freeMaps),
    /** What a patch sets and takes away: `null` removes a field, `undefined` leaves it. */
    toUpdate: (patch: object): { readonly $set: Document; readonly $unset: Document } => {
      const entries = Object.entries(patch);
      const set = entries.filter(([, value]) => value !== undefined && value !== null);
      const removed = entries.flatMap(([field, value]) => {
        if (value !== null) return [];
        return [field, ...derived.filter(([, { from }]) => from === field).map(([name]) => name)];
      });
      return {
        $set: toFields(Object.fromEntries(set)),
        $unset: Object.fromEntries(removed.map((field) => [field, ""])),
      };
    },
  };
};

export const long = (value: number): Long => Long.fromNumber(value);

/** Bytes of their own, not a part of what the driver has read. */
export const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Binary
    ? Uint8Array.from(value.buffer.subarray(0, value.position))
    : new Uint8Array();
