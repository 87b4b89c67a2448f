import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { LoadState, Observation } from "../../clusters/port.ts";
import { failingIn } from "./auto-stop.ts";
import { deadlineOf, killAt } from "./deadline.ts";
import type { Action, Become, Facts } from "./actions.ts";
import { clocksOff, healthOf, silentHealth } from "./health.ts";
import {
  endedAs,
  failedBecause,
  endedThere,
  failingAs,
  neverBegan,
  overdue,
  runningSince,
  stoppedAtLocust,
} from "./outcomes.ts";
import { POLICY } from "./policy.ts";

type Seen<K extends Observation["kind"]> = Extract<Observation, { readonly kind: K }>;

/** Where Locust cannot be asked since when its load runs. */
const pastDeadlineUnseen = (run: LoadTestRun, now: number): boolean => {
  const deadline = deadlineOf(run, run.startedAt);
  return deadline !== undefined && now > deadline + POLICY.deadlineGraceMs;
};

/** The plugin stops by itself and gets a grace; without it the stop is ours, and on time. */
const pastDeadline = (run: LoadTestRun, load: LoadState, now: number): boolean => {
  const began =
    load.ranMs === undefined
      ? (load.testStartedAt ?? run.startedAt ?? run.startSent?.at)
      : now - load.ranMs;
  const deadline = deadlineOf(run, began);
  const grace = load.masterInstanceId === undefined ? 0 : POLICY.deadlineGraceMs;
  return deadline !== undefined && now > deadline + grace;
};

const starting = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const elapsed = Math.min(now - (run.startingAt ?? run.createdAt), facts.watchedForMs);
  const late = elapsed > POLICY.startTimeoutMs;
  const isAbsent = seen.kind === "nothing" || seen.kind === "ready" || seen.kind === "foreign";
  if (isAbsent && run.trigger === "external" && elapsed <= POLICY.externalShownMs) return [];
  switch (seen.kind) {
    case "nothing":
      if (run.trigger === "external") return [restarted(now)];
      return late
        ? [failedBecause(now, "start_failed", "Locust could not be made ready in time.")]
        : [{ do: "prepare" }];
    case "dead":
      return [failedBecause(now, seen.code, seen.message, seen.logTail)];
    case "foreign":
      return [failedBecause(now, "cluster_taken", seen.message)];
    case "unreachable": {
      if (facts.requestsSeen > 0) {
        return [{ do: "become", status: "Running", startedAt: now }, silentHealth(seen, facts)];
      }
      const gone = seen.refused && facts.unreachableForMs >= POLICY.refusedMs;
      return late || gone
        ? [
            { do: "stop" },
            failedBecause(
              now,
              "cluster_unreachable",
              `The cluster did not answer: ${seen.message}`,
            ),
          ]
        : [silentHealth(seen, facts)];
    }
    case "ready":
      return beforeLoad(run, seen, facts, elapsed);
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") return [stoppedAtLocust(run, load)];
      if (load.requests > 0) return [runningSince(load, now), healthOf(seen, facts)];
      const waited = now - (run.startSent?.at ?? run.startingAt ?? run.createdAt);
      const allDied = load.users === 0 && (load.usersDied ?? 0) >= (load.targetUsers ?? Infinity);
      if (waited > POLICY.startTimeoutMs || allDied) return [neverBegan(load)];
      return pastDeadline(run, load, now) ? [overdue(run, load)] : [];
    }
  }
};

const restarted = (now: number): Become => failedBecause(now, "master_restarted");

/** Locust waits. Started at most once: a start is repeated only where the plugin knows it again. */
const beforeLoad = (
  run: LoadTestRun,
  seen: Seen<"ready">,
  { now, watchedForMs }: Facts,
  elapsed: number,
): Action[] => {
  if (run.trigger === "external") return [restarted(now)];
  if (run.startSent !== undefined) {
    if (seen.masterInstanceId !== run.startSent.masterInstanceId) return [restarted(now)];
    const waited = Math.min(now - run.startSent.at, watchedForMs);
    if (
      waited > (seen.masterInstanceId === undefined ? POLICY.polledStartMs : POLICY.startTimeoutMs)
    ) {
      return [{ do: "stop" }, failedBecause(now, "start_not_confirmed")];
    }
    return seen.masterInstanceId === undefined ? [] : [{ do: "start" }];
  }
  if (seen.workers > 0 && seen.workers >= seen.workersExpected) return [{ do: "start" }];
  if (elapsed <= POLICY.workersTimeoutMs) return [{ do: "prepare" }];
  return [
    seen.workers === 0
      ? failedBecause(now, "no_workers", "No Locust worker has connected to the master.")
      : failedBecause(
          now,
          "not_enough_workers",
          `Only ${seen.workers} of ${seen.workersExpected} workers connected.`,
        ),
  ];
};

const running = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const failing = failingIn(run, facts.window);
  switch (seen.kind) {
    case "nothing":
      return [restarted(now)];
    case "ready":
    case "foreign":
      return replaced(run, seen, facts);
    case "dead":
      return [failedBecause(now, seen.code, seen.message, seen.logTail)];
    case "unreachable": {
      const gone = lost(run, seen, facts);
      if (gone !== undefined) return gone;
      if (pastDeadlineUnseen(run, now)) return [overdue(run)];
      return failing === undefined ? [silentHealth(seen, facts)] : [failingAs(failing)];
    }
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") return [stoppedAtLocust(run, load)];
      if (pastDeadline(run, load, now)) return [overdue(run, load)];
      if (failing !== undefined) return [failingAs(failing)];
      const wanted = run.commandedLoad;
      const actions: Action[] = [healthOf(seen, facts)];
      if (wanted !== undefined && load.targetUsers !== wanted.targetUsers) {
        actions.push({
          do: "setUsers",
          targetUsers: wanted.targetUsers,
          spawnRate: wanted.spawnRate,
        });
      }
      return actions;
    }
  }
};

/** Locust is at something else. The master process that had the run has ended it before, and its last figures say how. */
const replaced = (
  run: LoadTestRun,
  seen: Seen<"ready"> | Seen<"foreign">,
  facts: Facts,
): Action[] => {
  const { now } = facts;
  const masterInstanceId = run.startSent?.masterInstanceId ?? run.externalKey?.split(":")[0];
  if (seen.masterInstanceId === undefined || seen.masterInstanceId !== masterInstanceId)
    return [restarted(now)];
  if (!facts.finalsIn && facts.endSeenForMs < POLICY.finalsMs) return [];
  return [
    facts.stopCause === undefined
      ? failedBecause(now, "end_unknown")
      : endedThere(run, facts.stopCause),
  ];
};

/** What silence proves, if anything: refused connections soon, mere silence only after all load must have ended. */
const lost = (run: LoadTestRun, seen: Seen<"unreachable">, facts: Facts): Action[] | undefined => {
  const { now } = facts;
  const certain = killAt(run);
  const gone =
    (seen.refused && facts.unreachableForMs >= POLICY.refusedMs) ||
    (certain === undefined
      ? facts.unreachableForMs >= POLICY.silenceMs
      : now > certain && facts.unreachableForMs >= POLICY.refusedMs);
  if (!gone) return undefined;
  return [
    { do: "kill" },
    failedBecause(now, "master_lost", `The Locust master is lost: ${seen.message}`),
  ];
};

/** A page of Locust's that is kept by a clock that was set back still says what was true before. */
const notStopped = (load: LoadState): string | undefined => {
  const clocks = clocksOff(load);
  return load.polled === undefined || clocks === undefined
    ? undefined
    : `Locust was told to stop, and its page still says that it runs. That page may be old: ${clocks}`;
};

/**
 * When the stop must have had its effect. It is not due before it has been sent, by this server too: the one before it
 * may have been killed as it sent it, and long ago.
 */
const stopDue = (run: LoadTestRun, seen: Observation, facts: Facts): number => {
  const never = Number.POSITIVE_INFINITY;
  const patience = run.stopTimeoutSeconds * 1000;
  const bySelf = seen.kind === "load" && seen.load.phase === "stopping";
  // A stop can also travel in the answer to figures, just before this server's first look.
  const agoMs = bySelf ? facts.watchedForMs : facts.firstStopAgoMs;
  if (agoMs === never) return never;
  return Math.max(
    (run.stopSentAt ?? (bySelf ? run.stoppingAt : undefined) ?? never) +
      patience +
      POLICY.termGraceMs,
    facts.now - agoMs + patience + POLICY.stopAgainMs,
  );
};

const stopping = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const due = stopDue(run, seen, facts);
  const whole = facts.finalsIn || facts.endSeenForMs >= POLICY.finalsMs;
  const stopAgain: Action[] = facts.stopSentAgoMs > POLICY.stopAgainMs ? [{ do: "stop" }] : [];
  switch (seen.kind) {
    case "unreachable": {
      if (facts.finalsIn) return [endedAs(run, now)];
      const gone = lost(run, seen, facts);
      if (gone !== undefined && (seen.refused || now > due + POLICY.killGraceMs)) return gone;
      // A silent master hears no stop: one was sent, more travel in the answers to its figures.
      const never = facts.stopSentAgoMs === Number.POSITIVE_INFINITY;
      const next: Action[] = now > due ? [{ do: "kill" }] : never || seen.refused ? stopAgain : [];
      return [...next, silentHealth(seen, facts)];
    }
    case "nothing":
    case "ready":
    case "foreign":
    case "dead":
      return whole ? [endedAs(run, now)] : [];
    case "load": {
      const { load } = seen;
      if (load.phase === "ended") return whole ? [endedAs(run, load.endedAt ?? now)] : [];
      if (now > due + POLICY.killGraceMs) {
        return [{ do: "kill" }, failedBecause(now, "stop_not_confirmed", notStopped(load))];
      }
      if (now > due) return [{ do: "kill" }];
      // The plugin that is stopping goes on by itself.
      return load.phase === "stopping" && load.masterInstanceId !== undefined ? [] : stopAgain;
    }
  }
};

/**
 * Decides what to do about a run that is Starting, Running or Stopping, from what is stored and what is seen.
 * Pure. Every action may be repeated: after an unknown outcome the next look decides again.
 */
export const reconcile = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  switch (run.status) {
    case "Starting":
      return starting(run, seen, facts);
    case "Running":
      return running(run, seen, facts);
    case "Stopping":
      return stopping(run, seen, facts);
    case "Pending":
    case "Finished":
    case "Stopped":
    case "Failed":
      return [];
  }
};
