import type { Db, Document } from "mongodb";
import type { Lease, LeaseStore } from "../model/lease-store.ts";
import { nextFence } from "../shared/fence.ts";
import { fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";

const leaseOf = (document: Document): Lease => fromDocument(document);
export const leaseId = (clusterId: string, slot: number): string => `${slot} ${clusterId}`;

export const mongoLeases = (db: Db): LeaseStore => {
  const leases = db.collection<Document & { _id: string }>("leases");
  const heartbeats = db.collection<Document & { _id: string }>("heartbeats");
  return {
    get: verb(async (clusterId, slot) => {
      const document = await leases.findOne({ _id: leaseId(clusterId, slot) });
      return document === null ? undefined : leaseOf(document);
    }),
    list: verb(async () => leases.find().sort({ clusterId: 1, slot: 1 }).map(leaseOf).toArray()),
    claim: verb(async ({ clusterId, slot, holder, runId, aboveFence }, seenFence) => {
      const fence = nextFence(seenFence, aboveFence);
      const _id = leaseId(clusterId, slot);
      if (seenFence === undefined) {
        const lease = {
          clusterId,
          slot,
          holder,
          fence,
          ...(runId === undefined ? {} : { runId }),
        };
        try {
          await leases.insertOne({ _id, ...toDocument(lease) });
          return lease;
        } catch (error) {
          if (isDuplicate(error)) return undefined;
          throw error;
        }
      }
      const next = await leases.findOneAndUpdate(
        { _id, fence: long(seenFence) },
        {
          $set: { holder, fence: long(fence), ...(runId === undefined ? {} : { runId }) },
          ...(runId === undefined ? { $unset: { runId: "" } } : {}),
        },
        { returnDocument: "after" },
      );
      return next === null ? undefined : leaseOf(next);
    }),
    release: verb(async (clusterId, slot, holder, fence) => {
      const next = await leases.findOneAndUpdate(
        { _id: leaseId(clusterId, slot), holder, fence: long(fence) },
        { $unset: { runId: "" } },
        { returnDocument: "after" },
      );
      return next !== null;
    }),
    beat: verb(async (holder, count) => {
      try {
        await heartbeats.findOneAndUpdate(
          { _id: holder, count: { $lt: long(count) } },
          { $set: { count: long(count) } },
          { upsert: true },
        );
      } catch (error) {
        // A later beat of the same server is there.
        if (!isDuplicate(error)) throw error;
      }
    }),
    heartbeats: verb(async () => {
      const documents = await heartbeats.find().toArray();
      return new Map(documents.map(({ _id, ["count"]: count }) => [_id, Number(count)]));
    }),
    leave: verb(async (holder) => {
      await heartbeats.deleteMany({ _id: holder });
    }),
  };
};
