import type { IdempotencyRecord, IdempotencyStore } from "../model/idempotency-store.ts";
import type { Control } from "./control.ts";
import { parsed } from "./document.ts";

type Row = Omit<IdempotencyRecord, "answer"> & { readonly answer: string | null };

const COLUMNS = "id, fingerprint, owner, createdAt, answer";

export const sqliteKeys = (db: Control): IdempotencyStore => {
  const valuesOf = ({ id, fingerprint, owner, createdAt, answer }: IdempotencyRecord) => [
    id,
    fingerprint,
    owner,
    createdAt,
    answer === undefined ? null : JSON.stringify(answer),
  ];
  return {
    get: db.verb((id) => {
      const row = db.get<Row>(`SELECT ${COLUMNS} FROM idempotency_keys WHERE id = ?`, id);
      if (row === undefined) return undefined;
      const { answer, ...record } = row;
      return answer === null
        ? record
        : { ...record, answer: parsed<NonNullable<IdempotencyRecord["answer"]>>(answer) };
    }),
    // A stop comes with a key too.
    take: db.ending((record, seen) =>
      db.transaction(() => {
        if (seen !== undefined) {
          const unanswered = seen.answer === undefined ? " AND answer IS NULL" : "";
          const where = `id = ? AND owner = ? AND createdAt = ?${unanswered}`;
          const sql = `DELETE FROM idempotency_keys WHERE ${where}`;
          if (db.run(sql, seen.id, seen.owner, seen.createdAt) !== 1) return false;
        }
        const insert = `INSERT INTO idempotency_keys (${COLUMNS}) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
        return db.run(insert, ...valuesOf(record)) === 1;
      }),
    ),
    finish: db.ending((id, owner, answer) => {
      const sql = "UPDATE idempotency_keys SET answer = ? WHERE id = ? AND owner = ?";
      db.run(sql, JSON.stringify(answer), id, owner);
    }),
    drop: db.ending((id, owner) => {
      const sql = "DELETE FROM idempotency_keys WHERE id = ? AND owner = ? AND answer IS NULL";
      db.run(sql, id, owner);
    }),
    expire: db.verb((before) => {
      db.run("DELETE FROM idempotency_keys WHERE createdAt < ?", before);
    }),
  };
};
