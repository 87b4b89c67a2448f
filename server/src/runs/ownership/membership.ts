import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { createPeriodic } from "../../lib/periodic.ts";
import type { LeaseStore } from "../../stores/model/lease-store.ts";
import { POLICY } from "../domain/policy.ts";

/** This server among those that use the same store. */
export type Membership = {
  /** The server's name in leases: one id for each start. */
  readonly holder: string;
  /** Whether the server with this name is gone, so that its leases may be taken. */
  readonly isGone: (holder: string) => Promise<boolean>;
  /**
   * A number that stays the same as long as no other server can have taken over runs of this one; `undefined` while this
   * server has stood down. An action based on what was read under one term needs the same term when it is carried out.
   */
  readonly term: () => number | undefined;
  /** Milliseconds since the last heartbeat that reached the store; `undefined` where there is none. */
  readonly heartbeatAgeMs: () => number | undefined;
  /** Resolves after the first heartbeat: nothing may be claimed before. */
  readonly start: () => Promise<void>;
  /** Ends the heartbeats. With `leave` all slots of this server are free at once. */
  readonly stop: (how: { readonly leave: boolean }) => Promise<void>;
};

/** For a store that only one server uses: every other holder is gone. */
export const soleMember = (holder: string): Membership => ({
  holder,
  isGone: async (other) => other !== holder,
  term: () => 0,
  heartbeatAgeMs: () => undefined,
  start: async () => {},
  stop: async () => {},
});

/** The heartbeats without timers: the caller says when to beat. */
export type Heartbeats = Pick<Membership, "isGone" | "term" | "heartbeatAgeMs"> & {
  /** Writes this server's heartbeat and reads those of the others. */
  readonly beat: () => Promise<void>;
  readonly leave: () => Promise<void>;
};

type LastBeat = { readonly count: number; readonly movedAt: number };

type Deps = {
  readonly leases: LeaseStore;
  readonly holder: string;
  /** Judges the other servers. It stands still while this machine sleeps, so that no server seems gone then. */
  readonly clock: Pick<Clock, "monotonic">;
  /** Milliseconds, including the time that this machine slept. Judges this server itself. */
  readonly awakeOrAsleep: () => number;
  readonly log: Log;
};

export const createHeartbeats = (deps: Deps): Heartbeats => {
  const { leases, holder, clock, awakeOrAsleep, log } = deps;
  const others = new Map<string, LastBeat>();
  let count = 0;
  let beatenAt = Number.NEGATIVE_INFINITY;
  let terms = 0;
  let stoodDown = true;

  const readOthers = async (): Promise<void> => {
    const beats = await leases.heartbeats();
    const now = clock.monotonic();
    for (const known of others.keys()) if (!beats.has(known)) others.delete(known);
    for (const [other, beat] of beats) {
      const last = others.get(other);
      if (last?.count !== beat) others.set(other, { count: beat, movedAt: now });
      else if (now - last.movedAt > POLICY.heartbeatForgottenMs) await leases.leave(other);
    }
  };

  return {
    beat: async () => {
      // The time before the write counts: the row may have been written at any moment since.
      const at = awakeOrAsleep();
      await leases.beat(holder, (count += 1));
      if (at - beatenAt >= POLICY.standDownMs) terms += 1;
      beatenAt = at;
      if (stoodDown) {
        log.info({ event: "server_active", holder }, "This server manages runs.");
      }
      stoodDown = false;
      await readOthers();
    },
    isGone: async (other) => {
      if (other === holder) return false;
      const looksGone = (): boolean => {
        const last = others.get(other);
        return last === undefined || clock.monotonic() - last.movedAt >= POLICY.goneMs;
      };
      if (!looksGone()) return false;
      // The other server may have beaten since the last read, and this one may have been asleep.
      await readOthers();
      return looksGone();
    },
    term: () => {
      if (awakeOrAsleep() - beatenAt < POLICY.standDownMs) return terms;
      if (!stoodDown) {
        stoodDown = true;
        log.warn(
          { event: "server_stood_down", holder },
          "This server has not reached the store for too long and stands down.",
        );
      }
      return undefined;
    },
    heartbeatAgeMs: () => (Number.isFinite(beatenAt) ? awakeOrAsleep() - beatenAt : undefined),
    leave: async () => {
      beatenAt = Number.NEGATIVE_INFINITY;
      await leases.leave(holder);
    },
  };
};

/** Heartbeats on a timer of their own, so that no slow cluster or run delays them. */
export const createMembership = (deps: Deps): Membership => {
  const { holder, log } = deps;
  const heartbeats = createHeartbeats(deps);
  const timer = createPeriodic({
    name: "heartbeat",
    intervalMs: POLICY.heartbeatMs,
    pauseFirst: true,
    job: heartbeats.beat,
    log,
  });
  return {
    holder,
    isGone: heartbeats.isGone,
    term: heartbeats.term,
    heartbeatAgeMs: heartbeats.heartbeatAgeMs,
    start: async () => {
      await heartbeats.beat();
      timer.start();
    },
    stop: async ({ leave }) => {
      await timer.stop();
      if (!leave) return;
      await heartbeats.leave().catch((error: unknown) => {
        log.warn(
          { event: "leases_not_handed_over", error: messageOf(error) },
          `The leases of this server could not be handed over; they lapse in ${POLICY.goneMs / 1000} s.`,
        );
      });
    },
  };
};
