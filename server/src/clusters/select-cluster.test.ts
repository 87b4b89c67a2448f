import { describe, expect, test } from "vitest";
import { ambiguousPairs, type ClusterConfig, selectCluster } from "./select-cluster.ts";

const cluster = (id: string, path: string): ClusterConfig => {
  const [accountId, orgId, projectId, envId] = path === "" ? [] : path.split("/");
  const scope = {
    ...(accountId === undefined ? {} : { accountId }),
    ...(orgId === undefined ? {} : { orgId }),
    ...(projectId === undefined ? {} : { projectId }),
    ...(envId === undefined ? {} : { envId }),
  };
  return { id, kind: "local", scope, maxConcurrentRuns: 1, workers: 1 };
};
const scope = (path: string) => {
  const [accountId = "", orgId = "", projectId = "", envId] = path.split("/");
  return { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
};
const chosen = (clusters: ClusterConfig[], path: string, named?: string): string => {
  try {
    return selectCluster(clusters, scope(path), named).id;
  } catch (error) {
    return (error as { extra: { code: string } }).extra.code;
  }
};

describe("the cluster of a load test", () => {
  const all = [
    cluster("everywhere", ""),
    cluster("account", "a"),
    cluster("project", "a/o/p"),
    cluster("prod", "a/o/p/prod"),
  ];
  test("is the most specific one that serves its scope", () => {
    expect(chosen(all, "a/o/p/prod")).toBe("prod");
    expect(chosen(all, "a/o/p/test")).toBe("project");
    expect(chosen(all, "a/o/p")).toBe("project");
    expect(chosen(all, "a/o/q")).toBe("account");
    expect(chosen(all, "b/o/p")).toBe("everywhere");
  });
  test("of an environment serves a load test without one only if the load test names it", () => {
    const [, , , prod] = all;
    if (prod === undefined) throw new Error("no cluster");
    expect(chosen([prod], "a/o/p")).toBe("cluster_missing");
    expect(chosen([prod], "a/o/p", "prod")).toBe("prod");
    expect(chosen([prod], "a/o/p/test", "prod")).toBe("cluster_serves_other_scope");
  });
  test("a missing, unknown, foreign or ambiguous cluster has its own code", () => {
    expect(chosen([], "a/o/p")).toBe("cluster_missing");
    expect(chosen(all, "a/o/p", "nowhere")).toBe("cluster_unknown");
    expect(chosen(all, "b/o/p", "account")).toBe("cluster_serves_other_scope");
    const twins = [cluster("one", "a/o"), cluster("two", "a/o")];
    expect(chosen(twins, "a/o/p")).toBe("cluster_ambiguous");
    expect(chosen(twins, "a/o/p", "two")).toBe("two");
    expect(ambiguousPairs([...all, ...twins]).map(([a, b]) => [a.id, b.id])).toEqual([
      ["one", "two"],
    ]);
  });
});
