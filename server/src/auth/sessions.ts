import type { Session } from "@load-manager/contract/model/session.ts";
import { type Clock, expiryNow } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { digestOf, randomSecret } from "../lib/secrets.ts";
import type { SessionStore } from "../stores/model/session.ts";
import type { Authentication } from "./authenticate.ts";
import type { Principal } from "./principal.ts";
import { createSessionWatch, type SessionWatch } from "./session-watch.ts";

/** A session without a request for this long has ended. */
const IDLE_MS = 12 * 3_600_000;
/** A session of this age has ended. */
export const SESSION_MS = 7 * 24 * 3_600_000;
/** The use of a session is stored at most this often. */
const USE_MS = 60_000;
/** A session that has ended on another server is known here after this long. */
const CACHED_MS = 1000;

export type Sessions = {
  /** `undefined` for an unknown token. The cookie is known to nobody else. */
  readonly start: (
    token: string,
  ) => Promise<{ readonly cookie: string; readonly principal: Principal } | undefined>;
  /** Who has this cookie; `undefined` where its session has ended. */
  readonly principalOf: (cookie: string) => Promise<Principal | undefined>;
  readonly end: (cookie: string) => Promise<void>;
  /** Deletes ended sessions from the store. */
  readonly expire: () => Promise<void>;
} & SessionWatch;

/** Sessions as the store has them, read again after a second. */
const cachedSessions = (store: SessionStore, clock: Pick<Clock, "monotonic">) => {
  const known = new Map<
    string,
    { readonly session: Session | undefined; readonly readAt: number }
  >();
  const isOld = (readAt: number): boolean => clock.monotonic() - readAt >= CACHED_MS;
  const set = (id: string, session: Session | undefined): void => {
    for (const [other, { readAt }] of known) if (isOld(readAt)) known.delete(other);
    known.set(id, { session, readAt: clock.monotonic() });
  };
  return {
    get: async (id: string): Promise<Session | undefined> => {
      const cached = known.get(id);
      if (cached !== undefined && !isOld(cached.readAt)) return cached.session;
      const session = await store.get(id);
      set(id, session);
      return session;
    },
    set,
    delete: (id: string): void => void known.delete(id),
  };
};

/** Sessions of people who signed in with a token. They lie in the store, so that they work on every server. */
export const createSessions = (deps: {
  readonly store: SessionStore;
  readonly authentication: Pick<Authentication, "holderOf" | "holderWith">;
  readonly clock: Clock;
  readonly log: Log;
}): Sessions => {
  const { store, authentication, clock, log } = deps;
  const cache = cachedSessions(store, clock);

  const hasEnded = ({ createdAt, lastUsedAt }: Session): boolean => {
    const now = expiryNow(clock);
    return now - createdAt > SESSION_MS || now - lastUsedAt > IDLE_MS;
  };

  /** The session and whose it is, where both still count. */
  const find = async (cookie: string) => {
    const session = await cache.get(digestOf(cookie));
    if (session === undefined || hasEnded(session)) return undefined;
    const holder = authentication.holderWith(session.tokenDigest);
    return holder === undefined ? undefined : { session, holder };
  };

  const noteUse = async ({ id, version, lastUsedAt }: Session): Promise<void> => {
    const now = expiryNow(clock);
    if (now - lastUsedAt < USE_MS) return;
    // Where another request was first, it has noted the use.
    const session = await store.use(id, version, now);
    if (session !== undefined) cache.set(id, session);
  };

  const watch = createSessionWatch(async (cookie) => (await find(cookie)) !== undefined, log);

  const personOf = ({ actor, grants }: Principal): Principal => ({
    actor: { ...actor, kind: "user" },
    grants,
  });

  return {
    start: async (token) => {
      const holder = authentication.holderOf(token);
      if (holder === undefined) return undefined;
      const cookie = randomSecret();
      const now = expiryNow(clock);
      await store.create({
        id: digestOf(cookie),
        tokenDigest: holder.digest,
        createdAt: now,
        lastUsedAt: now,
        version: 1,
      });
      return { cookie, principal: personOf(holder.principal) };
    },
    principalOf: async (cookie) => {
      const found = await find(cookie);
      if (found === undefined) return undefined;
      await noteUse(found.session);
      return personOf(found.holder.principal);
    },
    end: async (cookie) => {
      const id = digestOf(cookie);
      await store.delete(id);
      cache.delete(id);
      watch.job.wake();
    },
    ...watch,
    expire: () => {
      const now = expiryNow(clock);
      return store.expire(now - SESSION_MS, now - IDLE_MS);
    },
  };
};
