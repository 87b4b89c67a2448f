import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Action, Facts, Transition } from "./actions.ts";
import { autoStopEvidence } from "./auto-stop.ts";
import { deadlineOf, killAt } from "./deadline.ts";
import { clocksOff, healthOf, silentHealth } from "./health.ts";
import { masterInstanceOf } from "./master-instance.ts";
import type { Observation, Observed } from "./observation.ts";
import {
  autoStopped,
  ended,
  endedBefore,
  failedBecause,
  neverBegan,
  overdue,
  runningSince,
  stoppedByLocust,
} from "./outcomes.ts";
import { POLICY } from "./policy.ts";

/** For a Locust that does not answer: by the stored start time. */
const pastDeadlineUnseen = (run: LoadTestRun, now: number): boolean => {
  const deadline = deadlineOf(run, run.startedAt);
  return deadline !== undefined && now > deadline + POLICY.deadlineGraceMs;
};

/** A cluster with a deadline of its own gets a grace; elsewhere the server stops on time. */
const pastDeadline = (run: LoadTestRun, seen: Observed<"load">, now: number): boolean => {
  const { load, capabilities } = seen;
  const began =
    load.ranMs === undefined
      ? (load.testStartedAt ?? run.startedAt ?? run.startSent?.at)
      : now - load.ranMs;
  const deadline = deadlineOf(run, began);
  const grace = capabilities.ownDeadline ? POLICY.deadlineGraceMs : 0;
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
        return [{ do: "transition", status: "Running", startedAt: now }, silentHealth(seen, facts)];
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
      if (load.phase === "stopping" || load.phase === "ended") return [stoppedByLocust(run, load)];
      if (load.requests > 0) return [runningSince(load, now), healthOf(seen, facts)];
      const waited = now - (run.startSent?.at ?? run.startingAt ?? run.createdAt);
      const allDied = load.users === 0 && (load.usersDied ?? 0) >= (load.targetUsers ?? Infinity);
      if (waited > POLICY.startTimeoutMs || allDied) return [neverBegan(load)];
      return pastDeadline(run, seen, now) ? [overdue(run, load)] : [];
    }
  }
};

const restarted = (now: number): Transition => failedBecause(now, "master_restarted");

/** Locust waits. A start is sent again only where the cluster recognises it, so a run starts at most once. */
const beforeLoad = (
  run: LoadTestRun,
  seen: Observed<"ready">,
  facts: Facts,
  elapsed: number,
): Action[] => {
  const { now, watchedForMs } = facts;
  if (run.trigger === "external") return [restarted(now)];
  if (run.startSent !== undefined) {
    if (seen.masterInstanceId !== run.startSent.masterInstanceId) return [restarted(now)];
    const waited = Math.min(now - run.startSent.at, watchedForMs);
    const { restartSafeStart } = seen.capabilities;
    if (waited > (restartSafeStart ? POLICY.startTimeoutMs : POLICY.polledStartMs)) {
      return [{ do: "stop" }, failedBecause(now, "start_not_confirmed")];
    }
    if (!restartSafeStart) return [];
    // The load has been and gone while no server looked, and something else ran since: Locust knows only that.
    if (!facts.hasReported) return [{ do: "start" }];
    return facts.requestsSeen > 0
      ? [{ do: "transition", status: "Running", startedAt: run.startSent.at }]
      : replaced(run, seen, facts);
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
  const evidence = autoStopEvidence(run, facts.window);
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
      return evidence === undefined ? [silentHealth(seen, facts)] : [autoStopped(evidence)];
    }
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") return [stoppedByLocust(run, load)];
      if (pastDeadline(run, seen, now)) return [overdue(run, load)];
      if (evidence !== undefined) return [autoStopped(evidence)];
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

/** Locust works on something else. If the master instance is still the run's, its final metrics say how the run ended. */
const replaced = (
  run: LoadTestRun,
  seen: Observed<"ready"> | Observed<"foreign">,
  facts: Facts,
): Action[] => {
  const { now } = facts;
  if (!seen.capabilities.finalReport || seen.masterInstanceId !== masterInstanceOf(run))
    return [restarted(now)];
  if (!facts.finalsIn && facts.endSeenForMs < POLICY.finalsMs) return [];
  return [
    facts.stopCause === undefined
      ? failedBecause(now, "end_unknown")
      : endedBefore(run, facts.stopCause),
  ];
};

/** What silence proves: refused connections soon prove loss; mere silence only after all load must have ended. */
const lost = (
  run: LoadTestRun,
  seen: Observed<"unreachable">,
  facts: Facts,
): Action[] | undefined => {
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

/** Locust caches its stats page by the wall clock: after that is set back, the page shows an old state. */
const notStopped = ({ load, capabilities }: Observed<"load">): string | undefined => {
  const clocks = clocksOff(load);
  return capabilities.finalReport || clocks === undefined
    ? undefined
    : `A stop was sent, and Locust's page still shows it running. The page may be outdated: ${clocks}`;
};

/**
 * When the stop must have taken effect. It is not due before this server has sent one itself: a server before it may
 * have been killed while sending, long ago.
 */
const stopDue = (run: LoadTestRun, seen: Observation, facts: Facts): number => {
  const never = Number.POSITIVE_INFINITY;
  const patience = run.stopTimeoutSeconds * 1000;
  const bySelf = seen.kind === "load" && seen.load.phase === "stopping";
  // A stop also travels in the answer to metrics, perhaps just before this server's first pass.
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
      if (facts.finalsIn) return [ended(run, now)];
      const gone = lost(run, seen, facts);
      if (gone !== undefined && (seen.refused || now > due + POLICY.killGraceMs)) return gone;
      // A silent master receives no stop: one was sent, and more travel in the answers to its metrics.
      const never = facts.stopSentAgoMs === Number.POSITIVE_INFINITY;
      const next: Action[] = now > due ? [{ do: "kill" }] : never || seen.refused ? stopAgain : [];
      return [...next, silentHealth(seen, facts)];
    }
    case "nothing":
    case "ready":
    case "foreign":
    case "dead":
      return whole ? [ended(run, now)] : [];
    case "load": {
      const { load } = seen;
      if (load.phase === "ended") return whole ? [ended(run, load.endedAt ?? now)] : [];
      if (now > due + POLICY.killGraceMs) {
        return [{ do: "kill" }, failedBecause(now, "stop_not_confirmed", notStopped(seen))];
      }
      if (now > due) return [{ do: "kill" }];
      // A cluster that carries a stop through by itself needs no second one.
      return load.phase === "stopping" && seen.capabilities.ownDeadline ? [] : stopAgain;
    }
  }
};

/**
 * Decides what to do about a run that is Starting, Running or Stopping, from the stored run, the observation and the
 * facts. Pure. Every action may be repeated: after an unknown outcome the next pass decides again.
 */
export const decide = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
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
