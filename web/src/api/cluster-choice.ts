import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { covers, SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";

/** The cluster on which the next run would go: the one that is named, else the most specific that serves the scope. */
export type ClusterChoice =
  | { readonly kind: "one"; readonly cluster: ClusterAnswer }
  | { readonly kind: "none" }
  | { readonly kind: "several"; readonly ids: readonly string[] };

const levelsOf = (cluster: ClusterAnswer): number =>
  SCOPE_LEVELS.filter((level) => cluster[level] !== undefined).length;

export const choiceOf = (
  loadTest: LoadTestAnswer,
  clusters: readonly ClusterAnswer[],
): ClusterChoice => {
  if (loadTest.locustClusterId !== undefined) {
    const named = clusters.find(({ id }) => id === loadTest.locustClusterId);
    return named === undefined ? { kind: "none" } : { kind: "one", cluster: named };
  }
  const serving = clusters.filter((cluster) => covers(cluster, loadTest));
  const best = Math.max(...serving.map(levelsOf));
  const [first, ...others] = serving.filter((cluster) => levelsOf(cluster) === best);
  if (first === undefined) return { kind: "none" };
  if (others.length === 0) return { kind: "one", cluster: first };
  return { kind: "several", ids: [first, ...others].map(({ id }) => id) };
};

/** Whether a run that is started now waits: all slots are held, or others wait already. */
export const wouldWait = ({
  holders,
  maxConcurrentRuns,
  queueLength,
  state,
}: ClusterAnswer): boolean =>
  queueLength > 0 || holders.length >= maxConcurrentRuns || state === "busy";
