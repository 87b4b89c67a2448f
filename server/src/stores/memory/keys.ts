import type { IdempotencyRecord, IdempotencyStore } from "../model/idempotency-store.ts";
import { clone } from "../../lib/clone.ts";

export const memoryKeys = (byId: Map<string, IdempotencyRecord>): IdempotencyStore => {
  return {
    get: async (id) => clone(byId.get(id)),
    take: async (record, seen) => {
      const stored = byId.get(record.id);
      if (stored?.owner !== seen?.owner || stored?.createdAt !== seen?.createdAt) return false;
      if (stored?.answer !== undefined && seen?.answer === undefined) return false;
      byId.set(record.id, clone(record));
      return true;
    },
    finish: async (id, owner, answer) => {
      const stored = byId.get(id);
      if (stored?.owner !== owner || answer === undefined) return;
      byId.set(id, { ...stored, answer: clone(answer) });
    },
    drop: async (id, owner) => {
      const stored = byId.get(id);
      if (stored?.owner === owner && stored.answer === undefined) byId.delete(id);
    },
    expire: async (before) => {
      for (const [id, { createdAt }] of byId) if (createdAt < before) byId.delete(id);
    },
  };
};
