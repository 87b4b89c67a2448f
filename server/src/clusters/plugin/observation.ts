import type { Engine, LoadTestRun } from "@load-manager/contract/run.ts";
import type { LoadState, Observation } from "../port.ts";
import type { PluginStatus } from "./client.ts";

export const engineOf = (status: PluginStatus): Engine => ({
  locustVersion: status.locustVersion,
  pluginVersion: status.pluginVersion,
  pythonVersion: status.pythonVersion,
  workers: status.workers.length,
});

export const fenceOf = (status: PluginStatus): number => status.fence ?? status.run?.fence ?? 0;

type PluginRun = NonNullable<PluginStatus["run"]>;

const loadOf = (status: PluginStatus, run: PluginRun): LoadState => ({
  phase: run.phase,
  masterInstanceId: status.masterInstanceId,
  fence: fenceOf(status),
  ...(run.testStartedAtMs == null ? {} : { testStartedAt: Math.round(run.testStartedAtMs) }),
  ...(run.testStartedAtMs == null || run.nowMs == null
    ? {}
    : { ranMs: run.nowMs - run.testStartedAtMs }),
  ...(run.loadStartedAtMs == null ? {} : { loadStartedAt: Math.round(run.loadStartedAtMs) }),
  ...(run.stopIssuedAtMs == null ? {} : { stopIssuedAt: Math.round(run.stopIssuedAtMs) }),
  ...(run.endedAtMs == null ? {} : { endedAt: Math.round(run.endedAtMs) }),
  ...(run.stopCause == null ? {} : { stopCause: run.stopCause }),
  ...(run.cutOffUsers == null ? {} : { cutOffUsers: run.cutOffUsers }),
  requests: run.requests,
  users: status.userCount,
  targetUsers: run.targetUsers,
  workersLost: run.workersLost,
  saturated: run.saturated.map(({ id, sinceMs }) => ({ id, since: Math.round(sinceMs) })),
  clockOffsets: run.clockOffsets,
  usersDied: run.usersDied,
  ...(run.scriptError == null ? {} : { scriptError: run.scriptError }),
  ...(run.autoStop == null ? {} : { failing: run.autoStop }),
});

/** A run that was started at Locust itself, and whose name the plugin has not heard yet: its key begins with the master's. */
const isUnnamed = (run: LoadTestRun, status: PluginStatus): boolean =>
  status.run?.runId === null && run.externalKey?.startsWith(`${status.masterInstanceId}:`) === true;

const ALIVE = new Set(["ready", "spawning", "running"]);

/** What a plugin's status says about one run. `workersExpected` is 1 where nobody knows how many there should be. */
export const observationOf = (
  run: LoadTestRun,
  status: PluginStatus,
  workersExpected: number,
): Observation => {
  const engine = engineOf(status);
  const workers = status.workers.filter((worker) => ALIVE.has(worker.state)).length;
  const mine = status.run?.runId === run.id;
  if (status.run !== null && (mine || isUnnamed(run, status))) {
    return { kind: "load", load: loadOf(status, status.run), engine, workers, workersExpected };
  }
  if (status.run !== null && status.run.phase !== "ended") {
    const other = status.run.runId;
    // Whose run that is may be none of this run's business: several tenants may share a cluster.
    return {
      kind: "foreign",
      message: `Locust is busy with ${other === null ? "a run that was started there" : "another run"}.`,
      ...(other === null ? {} : { runId: other }),
      masterInstanceId: status.masterInstanceId,
    };
  }
  return {
    kind: "ready",
    workers,
    workersExpected,
    engine,
    masterInstanceId: status.masterInstanceId,
  };
};
