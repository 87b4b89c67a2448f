import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { RunEventStore } from "../model/event-store.ts";
import { encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { decodeEventCursor, EVENT_SORT } from "../shared/event-cursor.ts";
import type { Control } from "./control.ts";
import { parsed } from "./document.ts";

type Row = { readonly arrival: number; readonly at: number; readonly document: string };

export const sqliteEvents = (db: Control): RunEventStore => {
  const write = (runId: string, events: Parameters<RunEventStore["append"]>[1]): void =>
    db.transaction(() => {
      for (const { id, ...event } of events) {
        db.run(
          "INSERT INTO run_events (id, runId, at, document) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
          id,
          runId,
          event.at,
          JSON.stringify(event),
        );
      }
    });
  const [adding, ending] = [db.adding(write), db.ending(write)];
  return {
    // What users write about a run is not part of its end.
    append: (runId, events) =>
      (events.every(({ type }) => type === "note") ? adding : ending)(runId, events),
    list: db.verb((runId, { limit, cursor }) => {
      const after = decodeEventCursor(cursor);
      const rows = db.all<Row>(
        `SELECT arrival, at, document FROM run_events WHERE runId = ? AND (at, arrival) > (?, ?)
       ORDER BY at, arrival LIMIT ?`,
        runId,
        after?.at ?? Number.MIN_SAFE_INTEGER,
        after?.arrival ?? 0,
        limit + 1,
      );
      const page = pageOf(rows, limit, (last) =>
        encodeCursor(EVENT_SORT, { value: last.at, id: String(last.arrival) }),
      );
      return { ...page, items: page.items.map(({ document }) => parsed<RunEvent>(document)) };
    }),
    after: db.verb((runId, arrival, limit) =>
      db
        .all<Row>(
          `SELECT arrival, at, document FROM run_events WHERE runId = ? AND arrival > ?
         ORDER BY arrival LIMIT ?`,
          runId,
          arrival,
          limit,
        )
        .map((row) => ({ arrival: row.arrival, event: parsed<RunEvent>(row.document) })),
    ),
    deleteRun: db.ending((runId) => {
      db.run("DELETE FROM run_events WHERE runId = ?", runId);
    }),
  };
};
