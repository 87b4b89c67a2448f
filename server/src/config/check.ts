import { ambiguousPairs, type ClusterConfig } from "../clusters/select-cluster.ts";
import type { Fault } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { tokenFaults } from "./tokens.ts";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

type Security = Pick<Settings["security"], "apiToken" | "apiTokens">;
export const hasTokens = ({ security }: { readonly security: Security }): boolean =>
  security.apiToken !== undefined || security.apiTokens.length > 0;

/** Without tokens nobody but this machine may reach the server. */
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

/** What no single setting can tell. A section, or a cluster, that is wrong in itself is absent. */
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
      faults.push({ path, message: `${JSON.stringify(cluster.id)} is there twice` });
    }
    seen.add(cluster.id);
  });
  for (const [one, other] of ambiguousPairs(clusters.filter((cluster) => cluster !== undefined))) {
    if (one.id === other.id) continue;
    faults.push({
      path: ["locustClusters", clusters.indexOf(other)],
      message: `serves the same scope as ${one.id}; no load test could tell ${one.id} and ${other.id} apart without naming one`,
    });
  }
  if (store?.kind === "mongodb" && mongodb !== undefined && mongodb.uri === undefined) {
    faults.push({ path: ["mongodb", "uri"], message: "is needed where store.kind is mongodb" });
  }
  if (server !== undefined && security !== undefined) {
    faults.push(...opennessFaults(server.host, security));
  }
  if (security !== undefined && hasTokens({ security }) && !security.locustCallbackToken.length) {
    faults.push({
      path: ["security", "locustCallbackToken"],
      message: "is needed where API tokens are set: Locust could not hand in its figures",
    });
  }
  const authTokens = clusters.flatMap((cluster, index) =>
    cluster?.kind === "attached" && cluster.authToken !== undefined
      ? [{ path: ["locustClusters", index, "authToken"], token: cluster.authToken }]
      : [],
  );
  return [...faults, ...tokenFaults(security, authTokens)];
};
