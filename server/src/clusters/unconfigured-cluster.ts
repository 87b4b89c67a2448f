import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { AppError } from "../lib/errors.ts";
import type { ClusterAdapter, Observation } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/**
 * The cluster of a run that is not configured any more: the server was started again with another configuration.
 * Processes of this machine are still found by the folder of the run, a Locust that somebody else runs at the address at
 * which it was told to start; where one of an external run is, nobody knows any more. Nothing new is started on any.
 */
export const unconfiguredCluster = (
  run: LoadTestRun,
  create: (config: ClusterConfig) => ClusterAdapter,
): ClusterAdapter => {
  const base = { id: run.locustClusterId, scope: {}, maxConcurrentRuns: 1 };
  const message = `The cluster ${run.locustClusterId} is no longer configured.`;
  const refuse = async (): Promise<void> => {
    throw new AppError("unavailable", message);
  };
  if (run.hostId !== undefined) {
    const local = create({ ...base, kind: "local", workers: run.engine?.workers ?? 1 });
    return {
      ...local,
      prepare: refuse,
      start: refuse,
      observe: async (one): Promise<Observation> => {
        const seen = await local.observe(one);
        if (seen.kind !== "nothing") return seen;
        return { kind: "dead", code: "cluster_unknown", message, logTail: [] };
      },
    };
  }
  const baseUrl = run.startSent?.baseUrl;
  if (baseUrl !== undefined) {
    return { ...create({ ...base, kind: "attached", baseUrl }), prepare: refuse, start: refuse };
  }
  return {
    config: { ...base, kind: "attached", baseUrl: "" },
    observe: async () => ({ kind: "unreachable", refused: false, message }),
    prepare: refuse,
    attach: refuse,
    start: refuse,
    setUsers: refuse,
    stop: refuse,
    kill: async () => {},
    spooled: async () => [],
    cleanUp: refuse,
    remove: async () => {},
    probe: async () => ({ state: "unreachable", message }),
  };
};
