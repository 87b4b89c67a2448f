import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { LeaseStore } from "../stores/ports.ts";

/** How often a server shows that it lives, and looks whether the others do. */
const BEAT_MS = 2500;
/** A heartbeat that has not moved for this long, on the looker's own monotonic clock: its server is gone. */
export const GONE_MS = 15_000;
/** A server that could not beat for this long stands down: before any other may take its runs. */
const STAND_DOWN_MS = 10_000;
/** Heartbeats that have not moved for this long are taken away. */
const FORGOTTEN_MS = 3_600_000;

/** This server among those that use the same store. */
export type Membership = {
  /** As leases name it: one id per start. */
  readonly holder: string;
  /** Whether another server's leases may be taken. */
  readonly isGone: (holder: string) => Promise<boolean>;
  /** Whether this server may act on what it holds. */
  readonly standing: () => boolean;
  /** Resolves after the first beat: nothing may be claimed before. */
  readonly start: () => Promise<void>;
  /** No more beats; with `leave` whatever it held is free at once. */
  readonly stop: (how: { readonly leave: boolean }) => Promise<void>;
};

/** A store that one server holds alone has no other living holder: a lease of another id is of a server that is gone. */
export const soleMember = (holder: string): Membership => ({
  holder,
  isGone: async (other) => other !== holder,
  standing: () => true,
  start: async () => {},
  stop: async () => {},
});

type Seen = { count: number; movedAt: number };

/** Beats by a timer of its own, so that no slow cluster or run holds it up. */
export const createMembership = (deps: {
  readonly leases: LeaseStore;
  readonly holder: string;
  readonly clock: Clock;
  readonly log: Log;
}): Membership => {
  const { leases, holder, clock, log } = deps;
  const seen = new Map<string, Seen>();
  let count = 0;
  let beatenAt = Number.NEGATIVE_INFINITY;
  let standing = false;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let ending = false;

  const watch = async (): Promise<void> => {
    const beats = await leases.heartbeats();
    const now = clock.monotonic();
    for (const known of seen.keys()) if (!beats.has(known)) seen.delete(known);
    for (const [other, beat] of beats) {
      const before = seen.get(other);
      if (before?.count !== beat) seen.set(other, { count: beat, movedAt: now });
      else if (now - before.movedAt > FORGOTTEN_MS) await leases.leave(other);
    }
  };

  const beat = async (): Promise<void> => {
    // When it was begun: the row may have been written at any moment since.
    const at = clock.monotonic();
    await leases.beat(holder, (count += 1));
    beatenAt = at;
    if (!standing) log.info({ holder }, "this server works on runs");
    standing = true;
  };

  const tick = async (): Promise<void> => {
    try {
      await beat();
      await watch();
    } catch (error) {
      log.warn({ error: messageOf(error) }, "the heartbeat of this server could not be written");
    }
    if (!ending) timer = setTimeout(next, BEAT_MS);
  };
  const next = (): void => {
    current = tick();
  };

  return {
    holder,
    isGone: async (other) => {
      if (other === holder) return false;
      const looksGone = (): boolean => {
        const known = seen.get(other);
        return known === undefined || clock.monotonic() - known.movedAt >= GONE_MS;
      };
      if (!looksGone()) return false;
      // It may have begun, or gone on, since the last look; and this server may have been asleep.
      await watch();
      return looksGone();
    },
    standing: () => {
      const fresh = clock.monotonic() - beatenAt < STAND_DOWN_MS;
      if (standing && !fresh) {
        standing = false;
        log.warn({ holder }, "this server has not reached the store for too long, and stands down");
      }
      return fresh;
    },
    start: async () => {
      await beat();
      await watch();
      timer = setTimeout(next, BEAT_MS);
    },
    stop: async ({ leave }) => {
      ending = true;
      clearTimeout(timer);
      await current;
      beatenAt = Number.NEGATIVE_INFINITY;
      if (!leave) return;
      await leases.leave(holder).catch((error: unknown) => {
        const message = "this server's leases could not be handed over; they lapse in 15 s";
        log.warn({ error: messageOf(error) }, message);
      });
    },
  };
};
