import type { Capabilities, Engine, LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { LoadState, Observation } from "../../runs/domain/observation.ts";
import { masterInstanceOf } from "../../runs/domain/master-instance.ts";
import type { ClusterProcess } from "../port.ts";
import type { PluginStatus } from "@load-manager/contract/plugin/status.ts";

/** What every cluster with the plugin can do. */
export const PLUGIN_CAPABILITIES: Capabilities = {
  restartSafeStart: true,
  ownDeadline: true,
  finalReport: true,
};

export const engineOf = (status: PluginStatus): Engine => ({
  locustVersion: status.locustVersion,
  pluginVersion: status.pluginVersion,
  pythonVersion: status.pythonVersion,
  workers: status.workers.length,
});

/** What the plugin can apply to a run; every one takes a stop timeout, and its status does not say so. */
export const settingsOf = ({ settings }: PluginStatus): string[] => [
  ...settings,
  "stopTimeoutSeconds",
];

/** The master and its workers. An older plugin does not tell of the master, nor of memory and clocks. */
export const processesOf = (status: PluginStatus, clockAheadMs: number): ClusterProcess[] => [
  {
    id: "master",
    role: "master",
    state: status.state,
    users: null,
    cpuPercent: status.master?.cpu ?? null,
    memoryBytes: status.master?.memory ?? null,
    clockOffsetMs: clockAheadMs,
    pythonVersion: status.pythonVersion,
  },
  ...status.workers.map(
    ({ id, state, users, cpu, memory, clockAheadMs: ahead }): ClusterProcess => ({
      id,
      role: "worker",
      state,
      users,
      cpuPercent: cpu ?? null,
      memoryBytes: memory ?? null,
      clockOffsetMs: ahead ?? null,
      pythonVersion: null,
    }),
  ),
];

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
  usersLeft: run.usersLeft,
  ...(run.scriptError == null ? {} : { scriptError: run.scriptError }),
  ...(run.shapeError == null ? {} : { shapeError: run.shapeError }),
  ...(run.autoStop == null ? {} : { autoStopEvidence: run.autoStop }),
});

/** An external run whose id the plugin does not know yet: its key begins with the master instance's id. */
const isUnnamed = (run: LoadTestRun, status: PluginStatus): boolean =>
  status.run?.runId === null &&
  run.startSent === undefined &&
  masterInstanceOf(run) === status.masterInstanceId;

const ALIVE = new Set(["ready", "spawning", "running"]);

/** What a plugin's status proves about one run. `workersExpected` is 1 where the number is not known. */
export const observationOf = (
  run: LoadTestRun,
  status: PluginStatus,
  workersExpected: number,
): Observation => {
  const engine = engineOf(status);
  const workers = status.workers.filter((worker) => ALIVE.has(worker.state)).length;
  const mine = status.run?.runId === run.id;
  if (status.run !== null && (mine || isUnnamed(run, status))) {
    return {
      kind: "load",
      load: loadOf(status, status.run),
      engine,
      workers,
      workersExpected,
      capabilities: PLUGIN_CAPABILITIES,
    };
  }
  if (status.run !== null && status.run.phase !== "ended") {
    const other = status.run.runId;
    // The message does not name the other run: several tenants may share a cluster.
    return {
      kind: "foreign",
      message: `Locust is busy with ${other === null ? "a run that was started there" : "another run"}.`,
      ...(other === null ? {} : { runId: other }),
      masterInstanceId: status.masterInstanceId,
      capabilities: PLUGIN_CAPABILITIES,
    };
  }
  return {
    kind: "ready",
    workers,
    workersExpected,
    engine,
    capabilities: PLUGIN_CAPABILITIES,
    masterInstanceId: status.masterInstanceId,
  };
};
