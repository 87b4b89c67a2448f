import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { clustersQuery, runQueryOf } from "../../api/queries.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { useTitle } from "../../components/title.ts";
import { useScope } from "../../components/use-scope.ts";
import { count } from "../../format/numbers.ts";
import { AttachPanel } from "./attach-panel.tsx";
import { StateCell } from "./state-cell.tsx";
import styles from "./clusters-page.module.css";
import { ProcessTable } from "./process-table.tsx";

const HEADS: readonly Head[] = [
  { head: "Cluster" },
  { head: "State", isPlain: true },
  { head: "Versions", isPlain: true },
  { head: "Workers", isNumber: true, isMinor: true },
  { head: "In use by" },
  { head: "Slots held", isNumber: true },
  { head: "Waiting", isNumber: true },
  { head: "Serves", isMinor: true },
];

const Holder = ({ runId }: { readonly runId: string }): ReactNode => {
  const { data: run } = useQuery(runQueryOf(runId));
  return (
    <Link to="/runs/$runId" params={{ runId }} className={styles["holder"]}>
      <bdi>{run?.name ?? runId}</bdi>
    </Link>
  );
};

const versionsOf = ({ engine, kind }: ClusterAnswer): string => {
  if (engine?.locustVersion === undefined)
    return kind === "local" ? "not known: does its Python have Locust?" : "not known yet";
  const plugin =
    engine.pluginVersion === undefined ? "no plugin" : `plugin ${engine.pluginVersion}`;
  return `Locust ${engine.locustVersion}, ${plugin}`;
};

const servesOf = ({ accountId, orgId, projectId, envId }: ClusterAnswer): string => {
  const levels = [accountId, orgId, projectId].filter((level) => level !== undefined);
  if (levels.length === 0) return "everything";
  return `${levels.join(" / ")}${envId === undefined ? "" : ` · ${envId}`}`;
};

const Row = ({ cluster }: { readonly cluster: ClusterAnswer }): ReactNode => {
  const [isOpen, setOpen] = useState(false);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  const { id, kind, baseUrl, engine, workers, holders, maxConcurrentRuns, queueLength } = cluster;
  const detailId = `processes-${id}`;
  return (
    <>
      <tr>
        <td className={styles["cluster"]}>
          <button
            type="button"
            aria-expanded={isOpen}
            aria-controls={detailId}
            onClick={() => setOpen(!isOpen)}
          >
            <Chevron size={16} stroke={1.5} aria-hidden />
            <span className={styles["id"]}>{id}</span>
            <span className={styles["kind"]}>{kind}</span>
          </button>
          <div className={styles["address"]}>{baseUrl ?? "this machine"}</div>
        </td>
        <td>
          <StateCell cluster={cluster} />
        </td>
        <td>{versionsOf(cluster)}</td>
        <td className={cell.num}>
          {kind === "local" ? `${count(workers)} a run` : count(engine?.workers)}
        </td>
        <td>
          {holders.length === 0 ? (
            <span className="muted">nobody</span>
          ) : (
            holders.map(({ runId }) => <Holder key={runId} runId={runId} />)
          )}
        </td>
        <td className={cell.num}>
          {holders.length} of {maxConcurrentRuns}
        </td>
        <td className={cell.num}>{count(queueLength)}</td>
        <td className={styles["serves"]}>{servesOf(cluster)}</td>
      </tr>
      {isOpen && (
        <tr id={detailId}>
          <td colSpan={HEADS.length} className={styles["detail"]}>
            <ProcessTable cluster={cluster} />
          </td>
        </tr>
      )}
    </>
  );
};

const Content = (): ReactNode => {
  const clusters = useQuery(clustersQuery(useScope()));
  if (clusters.error !== null)
    return (
      <Failure
        what="The clusters cannot be listed."
        error={clusters.error}
        onRetry={() => void clusters.refetch()}
      />
    );
  if (clusters.data === undefined) return <Loading lines={4} />;
  if (clusters.data.items.length === 0)
    return (
      <Empty title="No cluster serves this scope">
        <p>Runs of this scope are refused until one does. Below: how to attach a Locust.</p>
      </Empty>
    );
  return (
    <Table label="Clusters">
      <TableHead heads={HEADS} />
      <tbody>
        {clusters.data.items.map((cluster) => (
          <Row key={cluster.id} cluster={cluster} />
        ))}
      </tbody>
    </Table>
  );
};

/** Where runs of the scope can go, and how to add a place. */
export const ClustersPage = (): ReactNode => {
  useTitle("Clusters");
  return (
    <>
      <PageHead title="Clusters">
        <p className="soft">
          Where runs of this scope can go. The most specific cluster serves a load test, unless its
          settings name another.
        </p>
      </PageHead>
      <Panel label="List of clusters">
        <Content />
      </Panel>
      <AttachPanel />
    </>
  );
};
