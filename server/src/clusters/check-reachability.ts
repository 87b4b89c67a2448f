import type { Clock } from "../lib/clock.ts";
import type { ClusterConfig } from "./select-cluster.ts";
import { ask } from "./locust-http.ts";

const TIMEOUT_MS = 2000;

/** A warning for each attached cluster at whose address nothing answers; any answer will do. */
export const unreachable = async (
  clusters: readonly ClusterConfig[],
  clock: Pick<Clock, "now">,
): Promise<string[]> => {
  const warnings = await Promise.all(
    clusters.map(async (cluster) => {
      if (cluster.kind !== "attached") return [];
      const reply = await ask(cluster.baseUrl, { timeoutMs: TIMEOUT_MS }, clock);
      if (reply.kind !== "silent") return [];
      return [`The cluster ${cluster.id} cannot be reached: ${reply.message}`];
    }),
  );
  return warnings.flat();
};
