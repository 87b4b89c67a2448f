import { ambiguousPairs, type ClusterConfig } from "../clusters/select-cluster.ts";
import type { Fault } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { tokenFaults } from "./tokens.ts";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

type Security = Pick<Settings["security"], "apiToken" | "apiTokens">;
export const hasTokens = ({ security }: { readonly security: Security }): boolean =>
  security.apiToken !== undefined || security.apiTokens.length > 0;

/** Without tokens only this machine may reach the server. */
export const opennessFaults = (host: string, security: Security): Fault[] =>
  hasTokens({ security }) || LOOPBACK.has(host)
    ? []
    : [
        {
          path: ["server", "host"],
          message:
            "must be 127.0.0.1 while no security.apiToken is set: anybody could start load tests",
        },
      ];

const addressOf = (cluster: ClusterConfig | undefined): string | undefined =>
  cluster?.kind === "attached" ? new URL(cluster.baseUrl).href.replace(/\/+$/, "") : undefined;

/** A Locust runs one load test at a time: as two clusters it would get two. */
const sharedAddressFaults = (clusters: readonly (ClusterConfig | undefined)[]): Fault[] => {
  const addresses = clusters.map(addressOf);
  return addresses.flatMap((address, index) => {
    const first = addresses.indexOf(address);
    if (address === undefined || first === index) return [];
    const path = ["locustClusters", index, "baseUrl"];
    return [{ path, message: `is the address of the cluster ${clusters[first]?.id ?? ""} too` }];
  });
};

/** The scripts of a local cluster run as the user of the server, so that one scope's scripts can read another's. */
export const warningsOf = (
  { security }: { readonly security: Security },
  clusters: readonly ClusterConfig[],
): string[] => {
  if (security.apiTokens.length === 0) return [];
  return clusters
    .filter(({ kind, scope }) => kind === "local" && scope.projectId === undefined)
    .map(
      ({ id }) =>
        `The local cluster ${id} serves more than one project, and its scripts run as the user of this server: with a token of one project, a script can read the data of the others. Give each project a local cluster of its own (accountId, orgId, projectId), or attach a Locust that runs elsewhere.`,
    );
};

/** Faults between settings. Sections and clusters that are invalid by themselves are absent. */
export const crossFaults = (
  { server, store, mongodb, security }: Partial<Settings>,
  clusters: readonly (ClusterConfig | undefined)[],
): Fault[] => {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  clusters.forEach((cluster, index) => {
    if (cluster === undefined) return;
    const path = ["locustClusters", index, "id"];
    if (seen.has(cluster.id)) {
      faults.push({ path, message: `${JSON.stringify(cluster.id)} is the id of two clusters` });
    }
    seen.add(cluster.id);
    if (cluster.kind === "local" && (cluster.maxWorkers ?? cluster.workers) < cluster.workers) {
      const message = `must be at least workers, which is ${cluster.workers}`;
      faults.push({ path: ["locustClusters", index, "maxWorkers"], message });
    }
  });
  faults.push(...sharedAddressFaults(clusters));
  for (const [one, other] of ambiguousPairs(clusters.filter((cluster) => cluster !== undefined))) {
    if (one.id === other.id) continue;
    faults.push({
      path: ["locustClusters", clusters.indexOf(other)],
      message: `serves the same scope as ${one.id}; a load test that names no cluster cannot choose between ${one.id} and ${other.id}`,
    });
  }
  if (store?.kind === "mongodb" && mongodb !== undefined && mongodb.uri === undefined) {
    faults.push({ path: ["mongodb", "uri"], message: "is required where store.kind is mongodb" });
  }
  if (server !== undefined && security !== undefined) {
    faults.push(...opennessFaults(server.host, security));
  }
  if (security !== undefined && hasTokens({ security }) && !security.locustCallbackToken.length) {
    faults.push({
      path: ["security", "locustCallbackToken"],
      message: "is required where API tokens are set: Locust needs it to send its metrics",
    });
  }
  const authTokens = clusters.flatMap((cluster, index) =>
    cluster?.kind === "attached" && cluster.authToken !== undefined
      ? [{ path: ["locustClusters", index, "authToken"], token: cluster.authToken }]
      : [],
  );
  return [...faults, ...tokenFaults(security, authTokens)];
};
