import { createHash } from "node:crypto";
import { BSON, type Document } from "mongodb";
import { isPlain } from "../read/json.ts";

/** The same for values that differ in the order of their fields only. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, ordered(part)]));
};

/** The document as a server gives it back: numbers of every type as numbers. */
const asRead = (document: Document): Document => BSON.deserialize(BSON.serialize(document));

const textOf = (value: unknown): string => BSON.EJSON.stringify(ordered(value), { relaxed: true });

/** The SHA-256 of a document with all its fields, whatever their order. */
export const digestOf = (document: Document): string =>
  createHash("sha256")
    .update(textOf(asRead(document)))
    .digest("base64");

/** The fields in which two documents differ. */
export const differingFields = (expected: Document, found: Document): string[] => {
  const [a, b] = [asRead(expected), asRead(found)];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  const textIn = (document: Document, name: string): string =>
    name in document ? textOf({ value: document[name] }) : "";
  return [...names].filter((name) => textIn(a, name) !== textIn(b, name)).toSorted();
};
