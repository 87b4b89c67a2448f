import type { Session } from "@load-manager/contract/model/session.ts";
import { type Clock, expiryNow } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { SAME_ERROR_MS } from "../lib/periodic.ts";
import { digestOf, randomSecret } from "../lib/secrets.ts";
import type { SessionStore } from "../stores/model/session.ts";
import type { Authentication } from "./authenticate.ts";
import type { Principal } from "./principal.ts";

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
  /** Who has this cookie, and has used it now; `undefined` where its session has ended. */
  readonly principalOf: (cookie: string) => Promise<Principal | undefined>;
  /** The same, without noting a use: an open stream keeps no session. */
  readonly peek: (cookie: string) => Promise<Principal | undefined>;
  readonly end: (cookie: string) => Promise<void>;
  /** Deletes sessions whose token is not configured, so that they stay ended when it is configured again. */
  readonly endWithoutToken: () => Promise<void>;
  /** Deletes ended sessions from the store. */
  readonly expire: () => Promise<void>;
};

/** Sessions as the store has them, read again after a second; requests and streams of one session share a read. */
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
  const reading = new Map<string, Promise<Session | undefined>>();
  const read = (id: string): Promise<Session | undefined> => {
    const begun = store
      .get(id)
      .then((session) => {
        // One that has ended meanwhile is not known again.
        if (reading.get(id) === begun) set(id, session);
        return session;
      })
      .finally(() => {
        if (reading.get(id) === begun) reading.delete(id);
      });
    reading.set(id, begun);
    return begun;
  };
  return {
    get: async (id: string): Promise<Session | undefined> => {
      const cached = known.get(id);
      if (cached !== undefined && !isOld(cached.readAt)) return cached.session;
      return reading.get(id) ?? read(id);
    },
    set,
    delete: (id: string): void => {
      reading.delete(id);
      known.delete(id);
    },
    clear: (): void => {
      reading.clear();
      known.clear();
    },
  };
};

/**
 * Notes the use of a session at most once a minute. Where the store refuses the write, it is logged and tried again after
 * a minute: people can read on.
 */
const createUseNotes = (
  store: SessionStore,
  clock: Pick<Clock, "wall" | "now" | "monotonic">,
  log: Log,
): ((session: Session) => Promise<Session | undefined>) => {
  let failedAt: number | undefined;
  return async ({ id, version, lastUsedAt }) => {
    const now = expiryNow(clock);
    if (now - lastUsedAt < USE_MS) return undefined;
    if (failedAt !== undefined && clock.monotonic() - failedAt < SAME_ERROR_MS) return undefined;
    try {
      // Where another request was first, it has noted the use.
      return await store.use(id, version, now);
    } catch (error) {
      failedAt = clock.monotonic();
      log.warn(
        { event: "session_use_not_stored", error: messageOf(error) },
        "The store did not take the use of a session; the session goes on.",
      );
      return undefined;
    }
  };
};

/** Sessions of people who signed in with a token. They lie in the store, so that they work on every server. */
export const createSessions = (deps: {
  readonly store: SessionStore;
  readonly authentication: Pick<Authentication, "holderOf" | "holderWith" | "digests">;
  readonly clock: Clock;
  readonly log: Log;
  /** Told when a session has ended here. */
  readonly onEnd?: () => void;
}): Sessions => {
  const { store, authentication, clock, log, onEnd } = deps;
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

  const noteUse = createUseNotes(store, clock, log);

  /** Whether sessions without a token may be left, because the store did not delete them. */
  let hasOrphans = false;
  const endWithoutToken = async (): Promise<void> => {
    hasOrphans = true;
    await store.keepTokens(authentication.digests());
    hasOrphans = false;
    cache.clear();
  };

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
      const used = await noteUse(found.session);
      if (used !== undefined) cache.set(used.id, used);
      return personOf(found.holder.principal);
    },
    peek: async (cookie) => {
      const found = await find(cookie);
      return found && personOf(found.holder.principal);
    },
    end: async (cookie) => {
      const id = digestOf(cookie);
      await store.delete(id);
      cache.delete(id);
      onEnd?.();
    },
    endWithoutToken,
    expire: async () => {
      const now = expiryNow(clock);
      await store.expire(now - SESSION_MS, now - IDLE_MS);
      if (hasOrphans) await endWithoutToken();
    },
  };
};
