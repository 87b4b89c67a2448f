import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import type { Action, Facts, Transition } from "./actions.ts";
import { deadlineOf, killAt } from "./deadline.ts";
import { clocksOff, healthOf, silentHealth } from "./health.ts";
import { masterInstanceOf } from "./master-instance.ts";
import type { Observation, Observed } from "./observation.ts";
import {
  autoStopped,
  criterionFailed,
  ended,
  type EndedLoad,
  endedBefore,
  failedBecause,
  neverBegan,
  overdue,
  runningSince,
  stoppedByLocust,
  workersFailed,
} from "./outcomes.ts";
import { POLICY } from "./policy.ts";
import { hasReportedEnd } from "./states.ts";

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
  const sinceStart = Math.min(now - (run.startingAt ?? run.createdAt), facts.watchedForMs);
  const elapsed = Math.min(sinceStart, facts.preparedAgoMs);
  const late =
    elapsed > POLICY.startTimeoutMs || sinceStart > POLICY.packagesMs + POLICY.startTimeoutMs;
  const isAbsent = seen.kind === "nothing" || seen.kind === "ready" || seen.kind === "foreign";
  const mayStillBeShown = elapsed <= POLICY.externalShownMs && !facts.hasTwoMasters;
  if (isAbsent && run.trigger === "external" && mayStillBeShown) return [];
  const byFinals = endedByFinals(run, seen, facts);
  if (byFinals !== undefined) return [byFinals];
  switch (seen.kind) {
    case "nothing":
      if (run.trigger === "external") return [restarted(facts)];
      return late
        ? [failedBecause(now, "start_failed", "Locust could not be made ready in time.")]
        : [{ do: "prepare" }];
    case "preparing":
      return sinceStart > POLICY.packagesMs ? [packagesLate(now)] : [];
    case "dead":
      return [failedBecause(now, seen.code, seen.message, seen.logTail)];
    case "foreign":
      return facts.hasTwoMasters
        ? [restarted(facts)]
        : [failedBecause(now, "cluster_taken", seen.message)];
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
      const failed = workersFailed(load);
      if (failed !== undefined) return [failed];
      if (load.phase === "stopping" || load.phase === "ended") return [stoppedByLocust(run, load)];
      if (load.requests > 0) return [runningSince(load, now), healthOf(seen, facts)];
      const isConstant = run.loadProfile.kind === "constant";
      const sinceSent = now - (run.startSent?.at ?? run.startingAt ?? run.createdAt);
      // A load profile may begin with a pause, and start more users later.
      const waited = isConstant ? sinceSent : facts.stalledForMs;
      const allDied =
        isConstant && load.users === 0 && (load.usersDied ?? 0) >= (load.targetUsers ?? Infinity);
      const noneCame =
        load.users === 0 &&
        load.scriptError?.spawning === true &&
        facts.belowTargetForMs >= POLICY.belowTargetMs;
      if (waited > POLICY.startTimeoutMs || allDied || noneCame) return [neverBegan(load)];
      return pastDeadline(run, seen, now) ? [overdue(run, load)] : [];
    }
  }
};

/** Locust is gone or silent, and its final metrics say how the load ended before. */
const endedByFinals = (
  run: LoadTestRun,
  seen: Observation,
  { finalsIn, stopCause }: Facts,
): Transition | undefined =>
  (seen.kind === "dead" || seen.kind === "unreachable") && finalsIn && stopCause !== undefined
    ? endedBefore(run, stopCause)
    : undefined;

const packagesLate = (now: number): Transition =>
  failedBecause(
    now,
    "packages_not_installed",
    `The packages of the script were not installed within ${POLICY.packagesMs / 60_000} minutes.`,
  );

const restarted = ({ now, hasTwoMasters }: Facts): Transition =>
  failedBecause(now, hasTwoMasters ? "two_masters" : "master_restarted");

/** Locust waits. A start is sent again only where the cluster recognises it, so a run starts at most once. */
const beforeLoad = (
  run: LoadTestRun,
  seen: Observed<"ready">,
  facts: Facts,
  elapsed: number,
): Action[] => {
  const { now, watchedForMs } = facts;
  if (run.trigger === "external") return [restarted(facts)];
  if (run.startSent !== undefined) {
    if (seen.masterInstanceId !== run.startSent.masterInstanceId) return [restarted(facts)];
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

/** The end by auto-stop, or by a criterion with abort. */
const endByRule = ({ autoStop, breach }: Facts): Transition | undefined => {
  if (autoStop !== undefined) return autoStopped(autoStop);
  return breach === undefined ? undefined : criterionFailed(breach);
};

const running = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const byFinals = endedByFinals(run, seen, facts);
  if (byFinals !== undefined) return [byFinals];
  const ruled = endByRule(facts);
  switch (seen.kind) {
    case "nothing":
    case "preparing":
      return [restarted(facts)];
    case "ready":
    case "foreign":
      return replaced(run, seen, facts);
    case "dead":
      return [failedBecause(now, seen.code, seen.message, seen.logTail)];
    case "unreachable": {
      const gone = lost(run, seen, facts);
      if (gone !== undefined) return gone;
      if (pastDeadlineUnseen(run, now)) return [overdue(run)];
      return [ruled ?? silentHealth(seen, facts)];
    }
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") {
        const isProven = seen.capabilities.finalReport || facts.endSeenForMs >= POLICY.polledEndMs;
        return isProven ? [stoppedByLocust(run, load)] : [];
      }
      if (pastDeadline(run, seen, now)) return [overdue(run, load)];
      if (ruled !== undefined) return [ruled];
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
  if (!seen.capabilities.finalReport && seen.kind === "foreign") return [replacedUnseen(now, seen)];
  if (!seen.capabilities.finalReport || seen.masterInstanceId !== masterInstanceOf(run))
    return [restarted(facts)];
  if (!facts.finalsIn && facts.endSeenForMs < POLICY.finalsMs) return [];
  return [
    facts.stopCause === undefined
      ? failedBecause(now, "end_unknown")
      : endedBefore(run, facts.stopCause),
  ];
};

/** Without the plugin a page with other load does not tell what has become of the run's own. */
const replacedUnseen = (now: number, { message }: Observed<"foreign">): Transition =>
  failedBecause(
    now,
    "master_restarted",
    `${message} Its master was restarted, or somebody stopped the load or reset its statistics meanwhile: without the plugin this cannot be told apart.`,
  );

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
  const over = facts.loadEndSeen ? "; it had shown before that its load ended" : "";
  const message = `The Locust master is lost: ${seen.message}${over}`;
  const failed = failedBecause(now, "master_lost", message);
  return [{ do: "kill" }, { ...failed, ...(facts.loadEndSeen ? { loadEndSeenAt: now } : {}) }];
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
  const patience = stopTimeoutOf(run) * 1000;
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

/** What Locust and the metrics that have arrived say of a load that has ended. */
const endedLoad = (seen: Observation, facts: Facts): EndedLoad => {
  const load = seen.kind === "load" ? seen.load : undefined;
  const isUnknown = facts.metricsError !== undefined && (load?.requests ?? 0) === 0;
  return {
    requests: isUnknown ? undefined : Math.max(load?.requests ?? 0, facts.requestsSeen),
    scriptError: load?.scriptError ?? facts.scriptError,
  };
};

/** A stop reaches a cluster without an address only in the answers to its metrics. */
const isHopeless = (run: LoadTestRun, { hasReported, now }: Facts): boolean =>
  !hasReported || now - (run.stoppingAt ?? now) > POLICY.finalsMs;

const stopping = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const due = stopDue(run, seen, facts);
  const whole = facts.finalsIn || facts.endSeenForMs >= POLICY.finalsMs;
  const end = (at: number): Action[] => [ended(run, at, endedLoad(seen, facts))];
  const stopAgain: Action[] = facts.stopSentAgoMs > POLICY.stopAgainMs ? [{ do: "stop" }] : [];
  switch (seen.kind) {
    case "unreachable": {
      if (whole) return end(now);
      if (seen.hasNoAddress === true && isHopeless(run, facts)) {
        const message = `${seen.message} It was asked to stop while nothing could be sent to it, so its load may go on until Locust ends it.`;
        return [failedBecause(now, "cluster_unknown", message)];
      }
      if (facts.endSeenForMs > 0) return [silentHealth(seen, facts)];
      const gone = lost(run, seen, facts);
      if (gone !== undefined && (seen.refused || now > due + POLICY.killGraceMs)) return gone;
      // A silent master receives no stop: one was sent, and more travel in the answers to its metrics.
      const never = facts.stopSentAgoMs === Number.POSITIVE_INFINITY;
      const next: Action[] = now > due ? [{ do: "kill" }] : never || seen.refused ? stopAgain : [];
      return [...next, silentHealth(seen, facts)];
    }
    case "nothing":
    case "preparing":
    case "ready":
    case "foreign":
    case "dead":
      return whole ? end(now) : [];
    case "load": {
      const { load } = seen;
      if (load.phase === "ended") return whole ? end(load.endedAt ?? now) : [];
      if (now > due + POLICY.killGraceMs) {
        return [{ do: "kill" }, failedBecause(now, "stop_not_confirmed", notStopped(seen))];
      }
      if (now > due) return [{ do: "kill" }];
      // A cluster that carries a stop through by itself needs no second one, nor does a load whose end Locust has reported: what
      // the page shows may be outdated, or somebody's next load.
      const carriesItself = load.phase === "stopping" && seen.capabilities.ownDeadline;
      const isFresh = now - (run.stoppingAt ?? now) < POLICY.finalsMs;
      return carriesItself || (hasReportedEnd(run) && isFresh) ? [] : stopAgain;
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
