import type { BlobStore } from "../model/blob-store.ts";
import type { Control } from "./control.ts";

export const sqliteBlobs = (db: Control): BlobStore => ({
  put: db.adding((contents) =>
    db.transaction(() => {
      for (const [sha256, content] of contents) {
        db.run(
          "INSERT INTO script_blobs (sha256, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
          sha256,
          content,
        );
      }
    }),
  ),
  get: db.verb((sha256) => {
    const row = db.get<{ content: Uint8Array }>(
      "SELECT content FROM script_blobs WHERE sha256 = ?",
      sha256,
    );
    return row && Uint8Array.from(row.content);
  }),
});
