import type { KeyRecord, KeyStore } from "../key-port.ts";

export const memoryKeys = (byId: Map<string, KeyRecord>): KeyStore => {
  return {
    get: async (id) => structuredClone(byId.get(id)),
    take: async (record, seen) => {
      const stored = byId.get(record.id);
      if (stored?.owner !== seen?.owner || stored?.createdAt !== seen?.createdAt) return false;
      byId.set(record.id, structuredClone(record));
      return true;
    },
    finish: async (id, owner, answer) => {
      const stored = byId.get(id);
      if (stored?.owner !== owner || answer === undefined) return;
      byId.set(id, { ...stored, answer: structuredClone(answer) });
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
