import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { AppError } from "../lib/errors.ts";
import type { Observation } from "../runs/domain/observation.ts";
import type { ClusterAdapter } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/**
 * The cluster of a run that is no longer configured, because the server was started again with another configuration.
 * Processes on this machine are still found by the run's folder, and an attached Locust by the address that was stored
 * with the start. The address of an external run's Locust is not known. Nothing new is started on any of them.
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
    const local = create({
      ...base,
      kind: "local",
      workers: run.workers ?? run.engine?.workers ?? 1,
    });
    return {
      ...local,
      commands: { ...local.commands, prepare: refuse, start: refuse },
      observe: async (one): Promise<Observation> => {
        const seen = await local.observe(one);
        if (seen.kind !== "nothing" && seen.kind !== "preparing") return seen;
        return { kind: "dead", code: "cluster_unknown", message, logTail: [] };
      },
    };
  }
  const baseUrl = run.startSent?.baseUrl;
  if (baseUrl !== undefined) {
    const attached = create({ ...base, kind: "attached", baseUrl });
    return { ...attached, commands: { ...attached.commands, prepare: refuse, start: refuse } };
  }
  return {
    config: { ...base, kind: "attached", baseUrl: "" },
    observe: async () => ({ kind: "unreachable", refused: false, message, hasNoAddress: true }),
    hasNoAddress: true,
    commands: {
      prepare: refuse,
      attach: refuse,
      start: refuse,
      setUsers: refuse,
      stop: refuse,
      kill: async () => {},
      cleanUp: refuse,
    },
    spooled: async () => [],
    remove: async () => {},
    probe: async () => ({ state: "unreachable", message }),
  };
};
