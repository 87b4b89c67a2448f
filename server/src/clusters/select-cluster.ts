import type { Scope, ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { covers, isSameScope, overlaps, SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";
import { AppError } from "../lib/errors.ts";

/** A cluster as configured. Attached: a master that someone runs. Local: processes started for each run. */
export type ClusterConfig = {
  readonly id: string;
  readonly scope: ScopeFilter;
  readonly maxConcurrentRuns: number;
} & (
  | { readonly kind: "attached"; readonly baseUrl: string; readonly authToken?: string }
  | {
      readonly kind: "local";
      /** Of a run that names no number. */
      readonly workers: number;
      /** What a run may ask for; absent: `workers`. */
      readonly maxWorkers?: number;
      readonly python?: string;
      /** Whether packages that a script needs are installed; absent: no. */
      readonly allowPackages?: boolean;
      /** Of one run, counted by themselves; absent: as many as the plugin thinks right. */
      readonly maxEndpoints?: number;
    }
);

/** How many levels a cluster names; the more, the more specific. */
const specificity = (cluster: ClusterConfig): number =>
  SCOPE_LEVELS.filter((level) => cluster.scope[level] !== undefined).length;

/** A cluster serves its scope and everything below it. */
export const serves = (cluster: ClusterConfig, scope: ScopeFilter): boolean =>
  covers(cluster.scope, scope);

/** A cluster is seen where it serves a scope of the caller, also if it serves others too. */
export const isClusterVisible = (
  { scope }: Pick<ClusterConfig, "scope">,
  visible: readonly ScopeFilter[],
): boolean => visible.some((one) => overlaps(scope, one));

const scopeText = (scope: Scope): string =>
  SCOPE_LEVELS.map((level) => scope[level])
    .filter((part) => part !== undefined)
    .join("/");

const unresolved = (code: string, detail: string): AppError =>
  new AppError("cluster-unresolved", detail, {
    fields: [{ field: "locustClusterId", message: detail }],
    extra: { code },
  });

/**
 * The cluster on which a load test of this scope runs: the one it names, else the most specific that serves it.
 * A load test without an env reaches an env's cluster only by naming it.
 * Throws AppError cluster-unresolved: cluster_unknown, cluster_serves_other_scope, cluster_missing, cluster_ambiguous.
 */
export const selectCluster = (
  clusters: readonly ClusterConfig[],
  scope: Scope,
  locustClusterId?: string,
): ClusterConfig => {
  if (locustClusterId !== undefined) {
    const named = clusters.find((cluster) => cluster.id === locustClusterId);
    if (named === undefined) {
      throw unresolved(
        "cluster_unknown",
        `There is no cluster with the id ${JSON.stringify(locustClusterId)}.`,
      );
    }
    const asked = scope.envId === undefined ? { ...scope, envId: named.scope.envId } : scope;
    if (!serves(named, asked)) {
      throw unresolved(
        "cluster_serves_other_scope",
        `The cluster ${named.id} does not serve ${scopeText(scope)}; choose another or leave locustClusterId out.`,
      );
    }
    return named;
  }
  const serving = clusters.filter((cluster) => serves(cluster, scope));
  const best = Math.max(...serving.map(specificity));
  const winners = serving.filter((cluster) => specificity(cluster) === best);
  const [winner, second] = winners;
  if (winner === undefined) {
    throw unresolved(
      "cluster_missing",
      `No cluster serves ${scopeText(scope)}; add one under locustClusters in the configuration.`,
    );
  }
  if (second !== undefined) {
    throw unresolved(
      "cluster_ambiguous",
      `The clusters ${winners.map((cluster) => cluster.id).join(" and ")} serve ${scopeText(scope)} equally well; name one in locustClusterId.`,
    );
  }
  return winner;
};

/** Pairs of clusters that no load test of their scope could tell apart; known at configuration time. */
export const ambiguousPairs = (
  clusters: readonly ClusterConfig[],
): [ClusterConfig, ClusterConfig][] => {
  const pairs: [ClusterConfig, ClusterConfig][] = [];
  clusters.forEach((one, index) => {
    for (const other of clusters.slice(index + 1)) {
      if (isSameScope(one.scope, other.scope)) pairs.push([one, other]);
    }
  });
  return pairs;
};
