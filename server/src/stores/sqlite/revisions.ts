import type { ScriptRevision } from "@load-manager/contract/script.ts";
import type { RevisionStore } from "../ports.ts";
import { revisionTaken, taken } from "../shared/apply-patch.ts";
import { decodeCursor, encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { REVISION_SORT } from "../shared/sorts.ts";
import type { Control } from "./control.ts";
import { parsed } from "./document.ts";

type Row = { readonly document: string };
const revisionOf = ({ document }: Row) => parsed<ScriptRevision>(document);

export const sqliteRevisions = (db: Control): RevisionStore => {
  const read = (id: string): ScriptRevision | undefined => {
    const row = db.get<Row>("SELECT document FROM script_revisions WHERE id = ?", id);
    return row && revisionOf(row);
  };
  const newestFirst = (loadTestId: string, below: number, limit: number): ScriptRevision[] =>
    db
      .all<Row>(
        `SELECT document FROM script_revisions WHERE loadTestId = ? AND revisionNumber < ?
         ORDER BY revisionNumber DESC LIMIT ?`,
        loadTestId,
        below,
        limit,
      )
      .map(revisionOf);
  return {
    create: db.adding((revision, contents) => {
      const { id, loadTestId, revisionNumber } = revision;
      db.transaction(() => {
        const inserted = db.run(
          `INSERT INTO script_revisions (id, loadTestId, revisionNumber, document) VALUES (?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
          id,
          loadTestId,
          revisionNumber,
          JSON.stringify(revision),
        );
        if (inserted === 0) {
          throw read(id) === undefined
            ? revisionTaken(loadTestId, revisionNumber)
            : taken("script revision", id);
        }
        for (const [sha256, content] of contents) {
          db.run(
            "INSERT INTO script_blobs (sha256, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
            sha256,
            content,
          );
        }
      });
    }),
    get: db.verb(read),
    newest: db.verb((loadTestId) => newestFirst(loadTestId, Number.MAX_SAFE_INTEGER, 1)[0]),
    list: db.verb((loadTestId, { limit, cursor }) => {
      const after = decodeCursor(cursor, REVISION_SORT, "number");
      const below = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after.value);
      return pageOf(newestFirst(loadTestId, below, limit + 1), limit, (last) =>
        encodeCursor(REVISION_SORT, { value: last.revisionNumber, id: last.id }),
      );
    }),
    content: db.verb((sha256) => {
      const row = db.get<{ content: Uint8Array }>(
        "SELECT content FROM script_blobs WHERE sha256 = ?",
        sha256,
      );
      return row && Uint8Array.from(row.content);
    }),
  };
};
