import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { clustersQuery, runQueryOf } from "../../api/queries.ts";
import { moment } from "../../format/times.ts";
import { choiceOf, wouldWait } from "../../api/cluster-choice.ts";

const Holder = ({ runId }: { readonly runId: string }): ReactNode => {
  const { data: run } = useQuery(runQueryOf(runId));
  const end =
    run?.loadStartedAt === undefined || run.durationSeconds === undefined
      ? undefined
      : run.loadStartedAt + run.durationSeconds * 1000;
  return (
    <>
      <Link to="/runs/$runId" params={{ runId }}>
        {run?.name ?? "another run"}
      </Link>
      {end !== undefined && ` until ${moment(end)}`}
    </>
  );
};

const Waiting = ({ cluster }: { readonly cluster: ClusterAnswer }): ReactNode => {
  const [holder] = cluster.holders;
  const queue =
    cluster.queueLength === 0
      ? "this run waits until then"
      : `${cluster.queueLength} ${cluster.queueLength === 1 ? "run waits" : "runs wait"} before this one`;
  return (
    <>
      {cluster.id}, busy
      {holder !== undefined && (
        <>
          {" "}
          with <Holder runId={holder.runId} />
        </>
      )}
      ; {queue}
    </>
  );
};

/** On which cluster the next run would go, and whether it would wait. */
export const ClusterNote = ({ loadTest }: { readonly loadTest: LoadTestAnswer }): ReactNode => {
  const { data } = useQuery(clustersQuery(scopeOf(loadTest)));
  if (data === undefined) return null;
  const choice = choiceOf(loadTest, data.items);
  if (choice.kind === "none")
    return loadTest.locustClusterId === undefined
      ? "none serves this scope, so a run is refused"
      : `${loadTest.locustClusterId} does not serve this scope, so a run is refused`;
  if (choice.kind === "several")
    return `${choice.ids.join(" and ")} serve this scope equally well; name one in the settings`;
  const { cluster } = choice;
  if (wouldWait(cluster)) return <Waiting cluster={cluster} />;
  if (cluster.state === "unreachable") return `${cluster.id} is unreachable: the run waits for it`;
  return cluster.state === "unknown"
    ? `${cluster.id}, not asked yet`
    : `${cluster.id}, free: the run starts at once`;
};
