import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { Db, Document } from "mongodb";
import type { RunEventStore } from "../model/event-store.ts";
import { encodeCursor } from "../shared/cursor.ts";
import { pageOf } from "../shared/listing.ts";
import { decodeEventCursor, EVENT_SORT } from "../shared/event-cursor.ts";
import { fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";

type Stored = { readonly arrival: number; readonly event: RunEvent };

export const storedOf = (document: Document): Stored => ({
  arrival: Number(document["arrival"]),
  event: fromDocument(document, "id", "runId", "arrival"),
});

export const mongoEvents = (db: Db): RunEventStore => {
  const collection = db.collection<Document & { _id: string }>("run_events");

  const lastArrival = async (runId: string): Promise<number> => {
    const [last] = await collection.find({ runId }).sort({ arrival: -1 }).limit(1).toArray();
    return last === undefined ? 0 : storedOf(last).arrival;
  };

  /**
   * An event takes the number after the last one, and exists before the next can: a follower that has read one number never
   * needs a smaller one.
   */
  const add = async (runId: string, { id, ...event }: RunEvent & { id: string }): Promise<void> => {
    for (;;) {
      if ((await collection.findOne({ id })) !== null) return;
      const arrival = (await lastArrival(runId)) + 1;
      try {
        await collection.insertOne({
          _id: `${runId}:${arrival}`,
          ...toDocument({ ...event, id, runId, arrival }),
        });
        return;
      } catch (error) {
        // Either the event is stored already, or its number is taken.
        if (!isDuplicate(error)) throw error;
      }
    }
  };

  return {
    append: verb(async (runId, events) => {
      for (const event of events) await add(runId, event);
    }),
    list: verb(async (runId, { limit, cursor }) => {
      const after = decodeEventCursor(cursor);
      const beyond =
        after === undefined
          ? {}
          : {
              $or: [
                { at: { $gt: long(after.at) } },
                { at: long(after.at), arrival: { $gt: long(after.arrival) } },
              ],
            };
      const found = collection.find({ runId, ...beyond }).sort({ at: 1, arrival: 1 });
      const page = pageOf(
        await found
          .limit(limit + 1)
          .map(storedOf)
          .toArray(),
        limit,
        (last) => encodeCursor(EVENT_SORT, { value: last.event.at, id: String(last.arrival) }),
      );
      return { ...page, items: page.items.map(({ event }) => event) };
    }),
    after: verb(async (runId, arrival, limit) =>
      collection
        .find({ runId, arrival: { $gt: long(arrival) } })
        .sort({ arrival: 1 })
        .limit(limit)
        .map(storedOf)
        .toArray(),
    ),
    deleteRun: verb(async (runId) => {
      await collection.deleteMany({ runId });
    }),
  };
};
