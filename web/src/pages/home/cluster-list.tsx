import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { clustersQuery } from "../../api/queries.ts";
import { ClusterState } from "../../components/cluster-state.tsx";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { cell } from "../../components/table.tsx";
import { counted } from "../../format/numbers.ts";
import styles from "./home-page.module.css";

const descriptionOf = ({ kind, engine, workers }: ClusterAnswer): string => {
  const locust = engine?.locustVersion === undefined ? [] : [`Locust ${engine.locustVersion}`];
  if (kind === "local") {
    const each = workers === undefined ? [] : [`${counted(workers, "worker")} for each run`];
    return ["this machine", ...each, ...locust].join(", ");
  }
  const connected = engine?.workers === undefined ? [] : [counted(engine.workers, "worker")];
  return [...locust, ...connected].join(", ") || "attached";
};

/** The state of each cluster that serves the scope. */
export const ClusterList = ({ scope }: { readonly scope: ScopeFilter }): ReactNode => {
  const clusters = useQuery(clustersQuery(scope));
  const items = clusters.data?.items;
  return (
    <Panel title="Clusters" end={<Link to="/clusters">All</Link>}>
      {clusters.error !== null && items === undefined && (
        <Failure what="The clusters cannot be read." error={clusters.error} />
      )}
      {clusters.isPending && <Loading />}
      {items?.length === 0 && (
        <Empty title="No cluster serves this scope.">
          <p>Runs need a Locust: attach one in the server’s configuration.</p>
        </Empty>
      )}
      {items !== undefined && items.length > 0 && (
        <ul className={styles["list"]}>
          {items.map((cluster) => (
            <li key={cluster.id}>
              <div>
                <strong>{cluster.id}</strong>
                <div className={cell.second}>{descriptionOf(cluster)}</div>
              </div>
              <ClusterState cluster={cluster} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
};
