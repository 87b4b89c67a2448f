import type { Session } from "@load-manager/contract/model/session.ts";
import type { Collection } from "./collection.ts";
import { described } from "./description.ts";

export const SESSIONS = described<Session>()({
  name: "sessions",
  label: "session",
  key: "id",
  columns: {
    createdAt: { type: "integer" },
    lastUsedAt: { type: "integer" },
  },
  indexes: [
    { name: "created_idx", columns: ["createdAt"] },
    { name: "last_used_idx", columns: ["lastUsedAt"] },
  ],
  freeMaps: [],
  groups: { use: { counter: "version", fields: ["lastUsedAt"] } },
  counters: {},
});

export type SessionStore = {
  readonly create: (session: Session) => Promise<void>;
  readonly get: (id: string) => Promise<Session | undefined>;
  /** Sets `lastUsedAt` where the session is still at that version. */
  readonly use: (id: string, version: number, at: number) => Promise<Session | undefined>;
  /** False where it was gone. */
  readonly delete: (id: string) => Promise<boolean>;
  /** Deletes those that were created, or used last, before these times (ms). */
  readonly expire: (createdBefore: number, usedBefore: number) => Promise<void>;
  /** Deletes those of all other tokens. */
  readonly keepTokens: (tokenDigests: readonly string[]) => Promise<void>;
};

export const sessionStore = (collection: Collection<Session, "use">): SessionStore => {
  const remove = (id: string): Promise<boolean> => collection.delete(id, {});
  return {
    create: (session) => collection.insert(session, "adding"),
    get: collection.get,
    use: (id, version, at) =>
      collection.change("use", id, { version }, { lastUsedAt: at }, "adding"),
    delete: remove,
    expire: async (createdBefore, usedBefore) => {
      const ids = [
        ...(await collection.keys([{ column: "createdAt", to: createdBefore }])),
        ...(await collection.keys([{ column: "lastUsedAt", to: usedBefore }])),
      ];
      for (const id of new Set(ids)) await remove(id);
    },
    keepTokens: async (tokenDigests) => {
      const kept = new Set(tokenDigests);
      for (const id of await collection.keys([])) {
        const session = await collection.get(id);
        if (session !== undefined && !kept.has(session.tokenDigest)) await remove(id);
      }
    },
  };
};
