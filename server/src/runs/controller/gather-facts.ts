import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Observation } from "../../clusters/port.ts";
import { messageOf } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { type KnownGaps, recordGaps } from "./record-gaps.ts";
import { POLICY } from "../domain/policy.ts";
import { type KnownProgress, stalledFor } from "../domain/stall.ts";
import type { Facts } from "../domain/actions.ts";
import type { RequestWindow } from "../domain/auto-stop.ts";

/** What one server remembers of the facts of a run between two looks, on its monotonic clock. */
export type KnownFacts = {
  watchedSince?: number;
  unreachableSince?: number | undefined;
  endSince?: number | undefined;
  stopSentAt?: number | undefined;
  firstStopAt?: number | undefined;
  liveAt?: number | undefined;
  polledAt?: number | undefined;
  requests?: number | undefined;
  progress?: KnownProgress | undefined;
  gaps?: KnownGaps;
  /** When it was last logged that figures cannot be stored or read. */
  troubleLoggedAt?: number;
};

const storePolled = async (
  deps: RunDeps,
  run: LoadTestRun,
  seen: Observation,
  memory: KnownFacts,
): Promise<void> => {
  if (seen.kind !== "load" || seen.load.polled === undefined) return;
  const mono = deps.clock.monotonic();
  const interval = deps.limits.metricsPollIntervalSeconds * 1000;
  if (memory.polledAt !== undefined && mono - memory.polledAt < interval - POLICY.tickMs / 2)
    return;
  await deps.figures.storeMetric(run, seen.load.polled, {
    source: "polled",
    at: deps.clock.now(),
  });
  memory.polledAt = mono;
};

const writeLive = async (deps: RunDeps, run: LoadTestRun, memory: KnownFacts): Promise<void> => {
  const mono = deps.clock.monotonic();
  if (memory.liveAt !== undefined && mono - memory.liveAt < POLICY.liveMs) return;
  memory.liveAt = mono;
  const live = await deps.figures.snapshot(run);
  if (live !== undefined) await deps.stores.runs.setLive(run.id, live);
};

/** What auto-stop looks at. The plugin, where there is one, has the first word. */
const windowOf = async (
  deps: Pick<RunDeps, "figures">,
  run: LoadTestRun,
): Promise<RequestWindow | undefined> => {
  const { autoStop } = run;
  if (run.status !== "Running" || autoStop?.enabled !== true) return undefined;
  const lag = run.engine?.pluginVersion === undefined ? 0 : POLICY.autoStopGraceMs / 1000;
  return deps.figures.window(run.id, autoStop.windowSeconds, lag);
};

const isEnd = (run: LoadTestRun, seen: Observation): boolean => {
  if (seen.kind === "load") return seen.load.phase === "ended";
  if (run.status === "Stopping") return seen.kind !== "unreachable";
  return run.status === "Running" && (seen.kind === "foreign" || seen.kind === "ready");
};

/**
 * Stores what was seen of the figures, and gathers what a decision needs. Stats that cannot be stored or read (a full
 * disk, a damaged page) keep no run from being queried after: the decision is made without them, and health says so.
 */
export const gatherFacts = async (
  deps: RunDeps,
  run: LoadTestRun,
  seen: Observation,
  memory: KnownFacts,
): Promise<Facts> => {
  let trouble: string | undefined;
  const without = async <T>(otherwise: T, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      trouble = messageOf(error);
      return otherwise;
    }
  };
  await without(undefined, storePolled(deps, run, seen, memory));
  await without(undefined, writeLive(deps, run, memory));
  await without(undefined, recordGaps(deps, run, (memory.gaps ??= new Map())));
  const requestsSeen = await without(memory.requests ?? 0, deps.figures.requests(run.id));
  const finals = await without(
    { masterInstances: 1, complete: false },
    deps.figures.finals(run.id),
  );
  const window = await without(undefined, windowOf(deps, run));

  const mono = deps.clock.monotonic();
  const heard = seen.kind !== "unreachable" || requestsSeen !== (memory.requests ?? requestsSeen);
  memory.requests = requestsSeen;
  memory.watchedSince ??= mono;
  memory.unreachableSince = heard ? undefined : (memory.unreachableSince ?? mono);
  memory.endSince = isEnd(run, seen) ? (memory.endSince ?? mono) : undefined;
  const agoOr = (otherwise: number, since: number | undefined): number =>
    since === undefined ? otherwise : mono - since;
  const endSeenForMs = agoOr(0, memory.endSince);
  const polled = seen.kind === "load" && seen.load.polled !== undefined;
  if (
    trouble !== undefined &&
    agoOr(Number.POSITIVE_INFINITY, memory.troubleLoggedAt) > POLICY.sameErrorMs
  ) {
    memory.troubleLoggedAt = mono;
    deps.log.error({ runId: run.id, error: trouble }, "figures cannot be stored or read");
  }
  return {
    now: deps.clock.now(),
    watchedForMs: mono - memory.watchedSince,
    unreachableForMs: agoOr(0, memory.unreachableSince),
    endSeenForMs,
    stopSentAgoMs: agoOr(Number.POSITIVE_INFINITY, memory.stopSentAt),
    firstStopAgoMs: agoOr(Number.POSITIVE_INFINITY, memory.firstStopAt),
    finalsIn: polled
      ? endSeenForMs >= POLICY.polledFinalsMs
      : finals.masterInstances === 0
        ? run.startSent === undefined && run.trigger !== "external"
        : finals.complete,
    stopCause: finals.stopCause,
    requestsSeen,
    stalledForMs: stalledFor(seen, requestsSeen, memory, mono),
    window,
    metricsError: trouble,
  };
};
