import type { ScriptRevision } from "@load-manager/contract/script.ts";
import { Binary, type Db, type Document } from "mongodb";
import type { RevisionStore } from "../ports.ts";
import { revisionTaken, taken } from "../shared/apply-patch.ts";
import { decodeCursor, encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { REVISION_SORT } from "../shared/sorts.ts";
import { bytesOf, fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";

/** A document holds at most 16 MiB. */
const PART_BYTES = 8 << 20;

/** Of an empty content there is one part too. */
export const blobParts = (content: Uint8Array): Uint8Array[] =>
  Array.from({ length: Math.max(1, Math.ceil(content.length / PART_BYTES)) }, (_, part) =>
    content.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
  );

const revisionOf = (document: Document): ScriptRevision => fromDocument(document);

export const mongoRevisions = (db: Db): RevisionStore => {
  const revisions = db.collection<Document & { _id: string }>("script_revisions");
  const blobs = db.collection<Document & { _id: string }>("script_blobs");

  /** The last part is written last: a content is there when that one is. */
  const putBlob = async (sha256: string, content: Uint8Array): Promise<void> => {
    const all = blobParts(content);
    const parts = all.length;
    if ((await blobs.findOne({ _id: `${sha256}:${parts - 1}` })) !== null) return;
    for (const [part, bytes] of all.entries()) {
      try {
        await blobs.insertOne({
          _id: `${sha256}:${part}`,
          ...toDocument({ sha256, part, parts }),
          content: new Binary(bytes),
        });
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
    }
  };

  return {
    create: verb(async (revision, contents) => {
      const { id, loadTestId, revisionNumber } = revision;
      const copies = [...contents].map(([sha256, content]) => [sha256, content.slice()] as const);
      const document = { _id: id, ...toDocument(revision) };
      for (const [sha256, content] of copies) await putBlob(sha256, content);
      try {
        await revisions.insertOne(document);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        throw (await revisions.findOne({ _id: id })) === null
          ? revisionTaken(loadTestId, revisionNumber)
          : taken("script revision", id);
      }
    }),
    get: verb(async (id) => {
      const document = await revisions.findOne({ _id: id });
      return document === null ? undefined : revisionOf(document);
    }),
    newest: verb(async (loadTestId) => {
      const [newest] = await revisions
        .find({ loadTestId })
        .sort({ revisionNumber: -1 })
        .limit(1)
        .toArray();
      return newest === undefined ? undefined : revisionOf(newest);
    }),
    list: verb(async (loadTestId, { limit, cursor }) => {
      const after = decodeCursor(cursor, REVISION_SORT, "number");
      const older =
        after === undefined ? {} : { revisionNumber: { $lt: long(Number(after.value)) } };
      const found = revisions.find({ loadTestId, ...older }).sort({ revisionNumber: -1 });
      return pageOf(
        await found
          .limit(limit + 1)
          .map(revisionOf)
          .toArray(),
        limit,
        (last) => encodeCursor(REVISION_SORT, { value: last.revisionNumber, id: last.id }),
      );
    }),
    content: verb(async (sha256) => {
      const documents = await blobs.find({ sha256 }).sort({ part: 1 }).toArray();
      if (documents.length === 0 || documents.length < Number(documents[0]?.["parts"])) {
        return undefined;
      }
      return Buffer.concat(documents.map(({ ["content"]: content }) => bytesOf(content)));
    }),
  };
};
