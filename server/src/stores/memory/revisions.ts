import type { ScriptRevision } from "@load-manager/contract/script.ts";
import type { RevisionStore } from "../ports.ts";
import { clone } from "../shared/clone.ts";
import { revisionTaken, taken } from "../shared/apply-patch.ts";
import { decodeCursor, encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { REVISION_SORT } from "../shared/sorts.ts";

export const memoryRevisions = (
  byId: Map<string, ScriptRevision>,
  blobs: Map<string, Uint8Array>,
): RevisionStore => {
  const newestFirst = (loadTestId: string) =>
    [...byId.values()]
      .filter((revision) => revision.loadTestId === loadTestId)
      .toSorted((a, b) => b.revisionNumber - a.revisionNumber);
  return {
    create: async (revision, contents) => {
      if (byId.has(revision.id)) throw taken("script revision", revision.id);
      const { loadTestId, revisionNumber } = revision;
      if (newestFirst(loadTestId).some((other) => other.revisionNumber === revisionNumber)) {
        throw revisionTaken(loadTestId, revisionNumber);
      }
      byId.set(revision.id, clone(revision));
      for (const [sha256, content] of contents) {
        if (!blobs.has(sha256)) blobs.set(sha256, Uint8Array.from(content));
      }
    },
    get: async (id) => clone(byId.get(id)),
    newest: async (loadTestId) => clone(newestFirst(loadTestId)[0]),
    list: async (loadTestId, { limit, cursor }) => {
      const after = decodeCursor(cursor, REVISION_SORT, "number");
      const rows = newestFirst(loadTestId).filter(
        (revision) => after === undefined || revision.revisionNumber < Number(after.value),
      );
      const page = pageOf(rows, limit, (last) =>
        encodeCursor(REVISION_SORT, { value: last.revisionNumber, id: last.id }),
      );
      return clone(page);
    },
    content: async (sha256) => {
      const content = blobs.get(sha256);
      return content === undefined ? undefined : Uint8Array.from(content);
    },
  };
};
