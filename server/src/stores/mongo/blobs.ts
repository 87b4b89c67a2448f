import { Binary, type Db, type Document } from "mongodb";
import type { BlobStore } from "../model/blob-store.ts";
import type { KindDump } from "../dump.ts";
import { bytesOf, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { clearAll, collectionOf, type Documents, inOrder, putAll } from "./walk.ts";

/** A document holds at most 16 MiB: a content is cut into parts. */
const PART_BYTES = 8 << 20;

const idOf = (sha256: string, part: number): string => `${sha256}:${part}`;

/** An empty content has one part too. */
const partsOf = (sha256: string, content: Uint8Array): (Document & { _id: string })[] => {
  const parts = Math.max(1, Math.ceil(content.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => ({
    _id: idOf(sha256, part),
    ...toDocument({ sha256, part, parts }),
    content: new Binary(content.slice(part * PART_BYTES, (part + 1) * PART_BYTES)),
  }));
};

/**
 * `undefined` where not all parts were written. Parts are read by their ids, since a compatible server may read a whole collection
 * for any other field.
 */
const read = async (blobs: Documents, sha256: string): Promise<Uint8Array | undefined> => {
  const contents: Uint8Array[] = [];
  for (let part = 0, parts = 1; part < parts; part += 1) {
    const document = await blobs.findOne({ _id: idOf(sha256, part) });
    if (document === null) return undefined;
    contents.push(bytesOf(document["content"]));
    parts = Number(document["parts"]);
  }
  return Buffer.concat(contents);
};

export const mongoBlobs = (db: Db): BlobStore => {
  const blobs = collectionOf(db, "script_blobs");
  /** The last part is written last: a content is complete when that one is there. */
  const putOne = async (parts: readonly (Document & { _id: string })[]): Promise<void> => {
    if ((await blobs.findOne({ _id: parts.at(-1)?._id ?? "" })) !== null) return;
    for (const part of parts) {
      try {
        await blobs.insertOne(part);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    }
  };
  return {
    put: verb(async (contents) => {
      const copies = [...contents].map(([sha256, content]) => partsOf(sha256, content));
      for (const parts of copies) await putOne(parts);
    }),
    get: verb((sha256) => read(blobs, sha256)),
  };
};

export const mongoBlobDump = (
  db: Db,
): KindDump<{ readonly sha256: string; readonly content: Uint8Array }> => {
  const blobs = collectionOf(db, "script_blobs");
  return {
    // One content a page.
    walk: verb(async (after) => {
      const place = after === undefined ? undefined : [after];
      for await (const { sha256 } of inOrder(blobs, ["sha256"], place)) {
        const last = String(sha256);
        const content = await read(blobs, last);
        return { records: content === undefined ? [] : [{ sha256: last, content }], last };
      }
      return { records: [] };
    }),
    put: verb(async (records) => {
      for (const { sha256, content } of records) await putAll(blobs, partsOf(sha256, content));
    }),
    count: verb(() => blobs.estimatedDocumentCount()),
    clear: verb(() => clearAll(blobs)),
  };
};
