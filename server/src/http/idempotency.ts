import { createHash } from "node:crypto";
import type { Caller } from "../access/caller.ts";
import type { Clock } from "../lib/clock.ts";
import { AppError, invalid } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import type { Membership } from "../runs/ownership/membership.ts";
import type { IdempotencyRecord, IdempotencyStore } from "../stores/idempotency-store.ts";

/** How long a key is remembered. */
export const KEY_MS = 24 * 3_600_000;

/** Owns the key of a request that has ended without an answer: any server may take it up. */
const NOBODY = "";

type Answer = NonNullable<IdempotencyRecord["answer"]>;

export type Idempotency = {
  /**
   * Does `work` once for a key of a caller. The same request again gets the same answer; one with another body is
   * refused, one that comes while the first is under way too. `work` gets an id that is the same whenever the request is
   * tried again, so that what a killed server had made already is found.
   */
  readonly once: (
    key: string,
    caller: Caller,
    request: { readonly method: string; readonly path: string; readonly body: unknown },
    work: (newId: string) => Promise<Answer>,
  ) => Promise<{ readonly answer: Answer; readonly replayed: boolean }>;
};

const underWayError = (): AppError =>
  new AppError(
    "conflict",
    "A request with this Idempotency-Key is under way; ask again in a moment for its answer.",
  );

const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex");

/** The same text for the same object, whatever the order of its fields. */
const canonical = (value: unknown): unknown => {
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
  /** Requests that this very process works on. */
  const underWay = new Set<string>();

  /** The record that this server now works under, or the answer that is there. */
  const begin = async (fresh: IdempotencyRecord): Promise<IdempotencyRecord> => {
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
          "This Idempotency-Key was sent with another request before; use a new key for a new request.",
          { fields: [{ field: "Idempotency-Key", message: "belongs to another request" }] },
        );
      }
      if (seen.answer !== undefined) return seen;
      // What this server left it works on no more: only one request of a key is let in here at a time.
      const isOpen = seen.owner === NOBODY || seen.owner === membership.holder;
      const abandoned = isOpen || (await membership.isGone(seen.owner));
      if (!abandoned) throw underWayError();
      const taken = { ...seen, owner: membership.holder };
      if (await keys.take(taken, seen)) return taken;
    }
  };

  /** What is known to have done nothing is forgotten. Else the key stays, and what was made is found by its id. */
  const leave = async (record: IdempotencyRecord, error: unknown): Promise<void> => {
    if (error instanceof AppError && error.kind !== "unavailable") {
      await keys.drop(record.id, membership.holder);
      return;
    }
    // Where the store is still away the key stays this server's, which takes it up again.
    await keys.take({ ...record, owner: NOBODY }, record).catch(() => false);
  };

  return {
    once: async (key, caller, request, work) => {
      if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
        throw invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
      }
      const id = digest([caller.name, canonical(caller.scope), key]);
      const fingerprint = digest([request.method, request.path, canonical(request.body)]);
      if (underWay.has(id)) throw underWayError();
      underWay.add(id);
      let began: IdempotencyRecord | undefined;
      try {
        const record = await begin({
          id,
          fingerprint,
          owner: membership.holder,
          createdAt: clock.now(),
        });
        if (record.answer !== undefined) return { answer: record.answer, replayed: true };
        began = record;
        const answer = await work(ids.of(`${id} ${record.createdAt}`));
        await keys.finish(id, membership.holder, answer);
        return { answer, replayed: false };
      } catch (error) {
        if (began !== undefined) await leave(began, error);
        throw error;
      } finally {
        underWay.delete(id);
      }
    },
  };
};
