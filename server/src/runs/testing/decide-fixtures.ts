import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { PLUGIN_CAPABILITIES } from "../../clusters/plugin/observation.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { NO_CAPABILITIES } from "../domain/capabilities.ts";
import type { Facts } from "../domain/actions.ts";
import { decide } from "../domain/decide.ts";
import type { LoadState, Observation } from "../domain/observation.ts";

export const STARTED = 1_000_000;

export const runIn = (
  status: LoadTestRun["status"],
  more: Partial<LoadTestRun> = {},
): LoadTestRun =>
  runOf({
    id: "run",
    status,
    fence: 1,
    targetUsers: 10,
    autoStop: AUTO_STOP,
    durationSeconds: 3600,
    startingAt: STARTED,
    startSent: { at: STARTED, masterInstanceId: "b", capabilities: PLUGIN_CAPABILITIES },
    ...(status === "Starting" ? {} : { startedAt: STARTED, loadStartedAt: STARTED }),
    createdAt: STARTED,
    updatedAt: STARTED,
    ...more,
  });

export const factsAt = (seconds: number, more: Partial<Facts> = {}): Facts => ({
  now: STARTED + seconds * 1000,
  watchedForMs: seconds * 1000,
  preparedAgoMs: Number.POSITIVE_INFINITY,
  unreachableForMs: 0,
  endSeenForMs: 0,
  loadEndSeen: false,
  stopSentAgoMs: Number.POSITIVE_INFINITY,
  firstStopAgoMs: Number.POSITIVE_INFINITY,
  finalsIn: false,
  hasReported: false,
  hasTwoMasters: false,
  requestsSeen: 0,
  stalledForMs: 0,
  belowTargetForMs: 0,
  ...more,
});

export const loading = (load: Partial<LoadState> = {}, workers = 2): Observation => ({
  kind: "load",
  engine: {},
  workers,
  workersExpected: 2,
  capabilities:
    "masterInstanceId" in load && load.masterInstanceId === undefined
      ? NO_CAPABILITIES
      : PLUGIN_CAPABILITIES,
  load: {
    phase: "running",
    masterInstanceId: "b",
    testStartedAt: STARTED,
    requests: 100,
    users: 10,
    targetUsers: 10,
    workersLost: [],
    ...load,
  },
});
export const silence = { kind: "unreachable", message: "no answer in 4 s" } as const;
export const silent: Observation = { ...silence, refused: false };

/** The decision in short: for each action its name; for a transition the status with its code; for health the health with its code. */
export const decided = (run: LoadTestRun, seen: Observation, facts: Facts): string[] =>
  decide(run, seen, facts).map((action) => {
    if (action.do === "transition") {
      return `${action.status} ${"reason" in action ? action.reason.code : ""}`.trim();
    }
    return action.do === "health"
      ? `${action.health} ${action.reason?.code ?? ""}`.trim()
      : action.do;
  });
