import type { RunEvent } from "@load-manager/contract/model/run.ts";
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
      const records = [...byId.values()]
        .filter((record) => record.runId === runId && isAfter(record))
        .toSorted((a, b) => a.event.at - b.event.at || a.arrival - b.arrival);
      const page = pageOf(records, limit, (last) =>
        encodeCursor(EVENT_SORT, { value: last.event.at, id: String(last.arrival) }),
      );
      return clone({ ...page, items: page.items.map(({ event }) => event) });
    },
    after: async (runId, arrival, limit) =>
      clone(
        [...byId.values()]
          .filter((record) => record.runId === runId && record.arrival > arrival)
          .slice(0, limit)
          .map((record) => ({ arrival: record.arrival, event: record.event })),
      ),
    deleteRun: async (runId) => {
      for (const [id, record] of byId) if (record.runId === runId) byId.delete(id);
    },
  };
};
