import type { RunEvent } from "@load-manager/contract/run.ts";
import type { RunEventStore } from "../model/event-store.ts";
import { clone } from "../../lib/clone.ts";
import { encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { decodeEventCursor, EVENT_SORT } from "../shared/event-cursor.ts";

type StoredEvent = {
  readonly runId: string;
  readonly arrival: number;
  readonly event: RunEvent;
};

export type StoredEvents = { readonly byId: Map<string, StoredEvent>; lastArrival: number };

export const memoryEvents = (stored: StoredEvents): RunEventStore => {
  const { byId } = stored;
  return {
    append: async (runId, events) => {
      for (const { id, ...event } of events) {
        if (byId.has(id)) continue;
        stored.lastArrival += 1;
        byId.set(id, { runId, arrival: stored.lastArrival, event: clone(event) });
      }
    },
    list: async (runId, { limit, cursor }) => {
      const after = decodeEventCursor(cursor);
      const isAfter = ({ event, arrival }: StoredEvent) => {
        if (after === undefined) return true;
        return event.at > after.at || (event.at === after.at && arrival > after.arrival);
      };
      const rows = [...byId.values()]
        .filter((row) => row.runId === runId && isAfter(row))
        .toSorted((a, b) => a.event.at - b.event.at || a.arrival - b.arrival);
      const page = pageOf(rows, limit, (last) =>
        encodeCursor(EVENT_SORT, { value: last.event.at, id: String(last.arrival) }),
      );
      return clone({ ...page, items: page.items.map(({ event }) => event) });
    },
    after: async (runId, arrival, limit) =>
      clone(
        [...byId.values()]
          .filter((row) => row.runId === runId && row.arrival > arrival)
          .slice(0, limit)
          .map((row) => ({ arrival: row.arrival, event: row.event })),
      ),
    deleteRun: async (runId) => {
      for (const [id, row] of byId) if (row.runId === runId) byId.delete(id);
    },
  };
};
