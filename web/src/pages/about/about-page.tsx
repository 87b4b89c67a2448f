import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { clustersQuery, healthQuery, meQuery, storageQuery } from "../../api/queries.ts";
import { Failure, Loading } from "../../components/notices.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { useTitle } from "../../components/title.ts";
import { useScopesOf } from "../../components/use-may.ts";
import { textOfScope } from "../../api/scope.ts";
import { bytes, count, text, UNKNOWN } from "../../format/numbers.ts";
import styles from "./about-page.module.css";

type Fact = readonly [name: string, value: ReactNode];

const Facts = ({ facts }: { readonly facts: readonly Fact[] }): ReactNode => (
  <dl className={styles["facts"]}>
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>
          <bdi>{name}</bdi>
        </dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

const STORES: Readonly<Record<string, string>> = {
  sqlite: "SQLite, in the server’s data folder",
  mongodb: "MongoDB",
  memory: "memory: lost when the server ends",
};

const ServerPanel = (): ReactNode => {
  const health = useQuery(healthQuery);
  if (health.data === undefined)
    return health.error === null ? (
      <Loading lines={5} />
    ) : (
      <Failure what="The server’s state cannot be read." error={health.error} />
    );
  const { version, server, store, clusters, status } = health.data;
  const kind = STORES[store.kind] ?? store.kind;
  return (
    <Facts
      facts={[
        ["Load Manager", version],
        ["State", status === "ok" ? "ok" : "degraded: the store fails or a cluster is unreachable"],
        ["Stored in", store.ok ? kind : `${kind}: ${store.message ?? "does not answer"}`],
        [
          "Clusters",
          <Link key="clusters" to="/clusters">
            {clusters.total} in all, {clusters.unreachable} unreachable
          </Link>,
        ],
        ["Server process", <code key="id">{server.id}</code>],
        [
          "Runs",
          server.active ? "This server starts and stops them" : "Another server has taken over",
        ],
      ]}
    />
  );
};

/** The versions of each cluster that the caller may see. */
const ClusterVersions = (): ReactNode => {
  const { data } = useQuery(clustersQuery({}));
  if (data === undefined) return <Loading />;
  return (
    <Facts
      facts={data.items.map(({ id, engine }) => [
        id,
        engine?.locustVersion === undefined
          ? "not known"
          : [
              `Locust ${engine.locustVersion}`,
              engine.pluginVersion === undefined ? "no plugin" : `plugin ${engine.pluginVersion}`,
              `Python ${engine.pythonVersion ?? UNKNOWN}`,
            ].join(", "),
      ])}
    />
  );
};

const CallerPanel = (): ReactNode => {
  const { data: me } = useQuery(meQuery);
  if (me === undefined) return <Loading />;
  const facts: readonly Fact[] = me.grants.map(({ role, scope }, index) => [
    me.grants.length === 1 ? "Role" : `Role ${index + 1}`,
    `${role} ${scope === undefined || textOfScope(scope) === undefined ? "everywhere" : `in ${textOfScope(scope)}`}`,
  ]);
  return <Facts facts={[["You", <bdi key="you">{me.name}</bdi>], ...facts]} />;
};

/** How much is stored, for the administrator; nothing for others. */
const StoragePanel = (): ReactNode => {
  // Until it is known whether the caller may, nothing is asked for that the server would refuse.
  const may = (useScopesOf("storage.read", {}) ?? []).length > 0;
  const storage = useQuery({ ...storageQuery, enabled: may });
  if (!may || storage.data === undefined) return null;
  const { loadTests, runs, metricRecords, bytes: all, metricBytes } = storage.data;
  return (
    <Panel title="Storage" sub="of all scopes">
      <PanelBody>
        <Facts
          facts={[
            ["Load tests", count(loadTests)],
            ["Runs", count(runs)],
            ...(metricRecords === undefined
              ? []
              : [["Records of metrics", count(metricRecords)] as const]),
            ["Size", text(bytes(all))],
            ["Size of the metrics", text(bytes(metricBytes))],
          ]}
        />
      </PanelBody>
    </Panel>
  );
};

const LINKS: readonly (readonly [href: string, name: string, what: string])[] = [
  ["/docs", "API documentation", "every operation, with examples"],
  ["/docs#definitions", "Definitions of the metrics", "what each figure means, and how sure it is"],
  ["/openapi.json", "OpenAPI document", "for clients of your own"],
  ["/metrics", "Metrics of the server itself", "in Prometheus format"],
];

/** What this server is, and where to read more. */
export const AboutPage = (): ReactNode => {
  useTitle("About");
  return (
    <>
      <PageHead title="About" />
      <div className={styles["columns"]}>
        <Panel title="This server">
          <PanelBody>
            <ServerPanel />
          </PanelBody>
        </Panel>
        <Panel title="Clusters" sub="and what runs there">
          <PanelBody>
            <ClusterVersions />
          </PanelBody>
        </Panel>
        <Panel title="Who you are" sub="and what you may do">
          <PanelBody>
            <CallerPanel />
          </PanelBody>
        </Panel>
        <StoragePanel />
        <Panel title="Documentation">
          <PanelBody>
            <ul className={styles["links"]}>
              {LINKS.map(([href, name, what]) => (
                <li key={href}>
                  <a href={href}>{name}</a>: <span className="soft">{what}</span>
                </li>
              ))}
            </ul>
          </PanelBody>
        </Panel>
      </div>
    </>
  );
};
