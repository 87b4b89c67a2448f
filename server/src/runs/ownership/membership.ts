import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { LeaseStore } from "../../stores/lease-store.ts";

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
  /**
   * A number that stays the same as long as no other server can have taken what this one holds; undefined while this
   * server may not act. Whoever acts on what was read under one term must find the same term when acting.
   */
  readonly term: () => number | undefined;
  /** Resolves after the first beat: nothing may be claimed before. */
  readonly start: () => Promise<void>;
  /** No more beats; with `leave` whatever it held is free at once. */
  readonly stop: (how: { readonly leave: boolean }) => Promise<void>;
};

/** A store that one server holds alone has no other living holder: a lease of another id is of a server that is gone. */
export const soleMember = (holder: string): Membership => ({
  holder,
  isGone: async (other) => other !== holder,
  term: () => 0,
  start: async () => {},
  stop: async () => {},
});

/** The same, without timers: somebody else says when to beat. */
export type Beats = Pick<Membership, "isGone" | "term"> & {
  /** Shows that this server lives, and looks whether the others do. */
  readonly beat: () => Promise<void>;
  readonly leave: () => Promise<void>;
};

type Seen = { count: number; movedAt: number };

type Deps = {
  readonly leases: LeaseStore;
  readonly holder: string;
  /** Others are judged by it: while this machine sleeps, nobody is found to be gone. */
  readonly clock: Pick<Clock, "monotonic">;
  /** Milliseconds, the time that this machine slept included: by it this server judges itself. */
  readonly awakeOrAsleep: () => number;
  readonly log: Log;
};

export const createBeats = ({ leases, holder, clock, awakeOrAsleep, log }: Deps): Beats => {
  const seen = new Map<string, Seen>();
  let count = 0;
  let beatenAt = Number.NEGATIVE_INFINITY;
  let terms = 0;
  let down = true;

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

  return {
    beat: async () => {
      // When it was begun: the row may have been written at any moment since.
      const at = awakeOrAsleep();
      await leases.beat(holder, (count += 1));
      if (at - beatenAt >= STAND_DOWN_MS) terms += 1;
      beatenAt = at;
      if (down) log.info({ holder }, "this server works on runs");
      down = false;
      await watch();
    },
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
    term: () => {
      if (awakeOrAsleep() - beatenAt < STAND_DOWN_MS) return terms;
      if (!down) {
        down = true;
        log.warn({ holder }, "this server has not reached the store for too long, and stands down");
      }
      return undefined;
    },
    leave: async () => {
      beatenAt = Number.NEGATIVE_INFINITY;
      await leases.leave(holder);
    },
  };
};

/** Beats by a timer of its own, so that no slow cluster or run holds it up. */
export const createMembership = (deps: Deps): Membership => {
  const { holder, log } = deps;
  const beats = createBeats(deps);
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let ending = false;
  const tick = async (): Promise<void> => {
    try {
      await beats.beat();
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
    isGone: beats.isGone,
    term: beats.term,
    start: async () => {
      await beats.beat();
      timer = setTimeout(next, BEAT_MS);
    },
    stop: async ({ leave }) => {
      ending = true;
      clearTimeout(timer);
      await current;
      if (!leave) return;
      await beats.leave().catch((error: unknown) => {
        const message = "this server's leases could not be handed over; they lapse in 15 s";
        log.warn({ error: messageOf(error) }, message);
      });
    },
  };
};
