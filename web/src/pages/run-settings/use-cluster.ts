import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import { useQuery } from "@tanstack/react-query";
import { clustersQuery } from "../../api/queries.ts";
import { choiceOf } from "../../api/cluster-choice.ts";

/** The cluster of the next run; `undefined` while it is not known, or where a run would be refused. */
export const useCluster = (loadTest: LoadTestAnswer): ClusterAnswer | undefined => {
  const { data } = useQuery(clustersQuery(scopeOf(loadTest)));
  const choice = data === undefined ? undefined : choiceOf(loadTest, data.items);
  return choice?.kind === "one" ? choice.cluster : undefined;
};
