import { createHash } from "node:crypto";
import type { ActorRef } from "@load-manager/contract/model/actor.ts";
import { type Clock, expiryNow } from "../lib/clock.ts";
import { AppError, invalid } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import type { Membership } from "../runs/ownership/membership.ts";
import type { IdempotencyRecord, IdempotencyStore } from "../stores/model/idempotency-store.ts";

/** A key is kept this long. */
export const KEY_MS = 24 * 3_600_000;

/** The owner of a key whose request ended without a response: any server may take it over. */
const NOBODY = "";

type Answer = NonNullable<IdempotencyRecord["answer"]>;

export type Idempotency = {
  /**
   * Does `work` once for each key of a caller, whatever its role is by then. A repeat of the request gets the same response;
   * whether the caller may still have it is for whoever sends it. A request with another body is refused, as is a repeat while the first is in progress. `work` gets an id that is the same for every repeat,
   * so that an object created before the server was killed is found.
   */
  readonly once: (
    key: string,
    actor: ActorRef,
    request: { readonly method: string; readonly path: string; readonly body: unknown },
    work: (newId: string) => Promise<Answer>,
  ) => Promise<{ readonly answer: Answer; readonly replayed: boolean }>;
};

const inProgressError = (): AppError =>
  new AppError(
    "conflict",
    "A request with this Idempotency-Key is in progress; repeat it in a moment to get the response.",
  );

const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** Equal for equal objects, whatever the order of their fields. */
const canonical = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return createHash("sha256").update(value).digest("hex");
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, canonical(part)]);
};

export const createIdempotency = (deps: {
  readonly keys: IdempotencyStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly membership: Membership;
}): Idempotency => {
  const { keys, clock, ids, membership } = deps;
  /** Ids of the requests that this process works on. */
  const inProgress = new Set<string>();

  /** The record that this server now owns, or one with a response. */
  const acquire = async (fresh: IdempotencyRecord): Promise<IdempotencyRecord> => {
    for (;;) {
      const seen = await keys.get(fresh.id);
      const expired = seen !== undefined && seen.createdAt < fresh.createdAt - KEY_MS;
      if (seen === undefined || expired) {
        if (await keys.take(fresh, seen)) return fresh;
        continue;
      }
      if (seen.fingerprint !== fresh.fingerprint) {
        throw new AppError(
          "key-reused",
          "This Idempotency-Key was used for another request; use a new key for a new request.",
          { fields: [{ field: "Idempotency-Key", message: "belongs to another request" }] },
        );
      }
      if (seen.answer !== undefined) return seen;
      // `inProgress` admits one request of a key at a time, so a key of this server has no request any more.
      const isOpen = seen.owner === NOBODY || seen.owner === membership.holder;
      const abandoned = isOpen || (await membership.isGone(seen.owner));
      if (!abandoned) throw inProgressError();
      const taken = { ...seen, owner: membership.holder };
      if (await keys.take(taken, seen)) return taken;
    }
  };

  /** A request that surely changed nothing gives its key back. Any other keeps it: its object is found by the id. */
  const release = async (record: IdempotencyRecord, error: unknown): Promise<void> => {
    if (error instanceof AppError && error.kind !== "unavailable") {
      await keys.drop(record.id, membership.holder);
      return;
    }
    // While the store is unavailable the key stays with this server, which may acquire it again.
    await keys.take({ ...record, owner: NOBODY }, record).catch(() => false);
  };

  return {
    once: async (key, actor, request, work) => {
      if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
        throw invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
      }
      const id = digest([actor.id, key]);
      const fingerprint = digest([request.method, request.path, canonical(request.body)]);
      if (inProgress.has(id)) throw inProgressError();
      inProgress.add(id);
      let acquired: IdempotencyRecord | undefined;
      try {
        const record = await acquire({
          id,
          fingerprint,
          owner: membership.holder,
          createdAt: expiryNow(clock),
        });
        if (record.answer !== undefined) return { answer: record.answer, replayed: true };
        acquired = record;
        const answer = await work(ids.of(`${id} ${record.createdAt}`));
        await keys.finish(id, membership.holder, answer);
        return { answer, replayed: false };
      } catch (error) {
        if (acquired !== undefined) await release(acquired, error);
        throw error;
      } finally {
        inProgress.delete(id);
      }
    },
  };
};

/**
 * Creates an object under an id of the request's own. A repeated request finds the object of an earlier attempt, also
 * where the write of that attempt arrives only during this one.
 */
export const createOnce = async <T>(
  find: () => Promise<T | undefined>,
  create: () => Promise<T>,
): Promise<T> => {
  const known = await find();
  if (known !== undefined) return known;
  try {
    return await create();
  } catch (error) {
    const late = await find();
    if (late === undefined) throw error;
    return late;
  }
};
