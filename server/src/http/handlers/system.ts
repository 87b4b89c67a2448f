import type { ScopeTree } from "@load-manager/contract/access.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { overlaps, type Scope, type ScopeFilter } from "@load-manager/contract/primitives.ts";
import type { Caller } from "../../access/caller.ts";
import { canSee, visibleOf } from "../../access/scope.ts";
import { serves } from "../../clusters/select-cluster.ts";
import type { ClusterAdapter, ClusterProbe } from "../../clusters/port.ts";
import { messageOf, notFound } from "../../lib/errors.ts";
import type { RunDeps } from "../../runs/deps.ts";
import { holdsSlot } from "../../runs/domain/states.ts";
import type { Handlers } from "../bind.ts";

type Keys =
  | "listClusters"
  | "getCluster"
  | "listScopes"
  | "getMe"
  | "getLiveness"
  | "getReadiness"
  | "getHealth"
  | "getPrometheusMetrics";

type Deps = {
  readonly runs: RunDeps;
  readonly version: string;
  /** Why the server cannot work just now; none where it can. */
  readonly notReady: () => string[];
};

const addTo = (tree: ScopeTree, { accountId, orgId, projectId, envId }: Scope): void => {
  let account = tree.accounts.find((known) => known.accountId === accountId);
  if (account === undefined) tree.accounts.push((account = { accountId, orgs: [] }));
  let org = account.orgs.find((known) => known.orgId === orgId);
  if (org === undefined) account.orgs.push((org = { orgId, projects: [] }));
  let project = org.projects.find((known) => known.projectId === projectId);
  if (project === undefined) org.projects.push((project = { projectId, envs: [] }));
  if (envId !== undefined && !project.envs.includes(envId)) project.envs.push(envId);
};

export const aroundHandlers = ({ runs: deps, version, notReady }: Deps): Pick<Handlers, Keys> => {
  const { stores, clock } = deps;
  const since = new Map<string, { state: string; at: number }>();

  const probeOf = async (adapter: ClusterAdapter): Promise<ClusterProbe> =>
    adapter.probe().catch((error: unknown) => ({ state: "unknown", message: messageOf(error) }));

  const clusterAnswer = async (
    adapter: ClusterAdapter,
    open: readonly LoadTestRun[],
    caller: Caller,
  ) => {
    const { config } = adapter;
    const mine = open.filter((run) => run.locustClusterId === config.id);
    const holders = mine.filter(holdsSlot);
    const probe = await probeOf(adapter);
    const busy = probe.state === "idle" && holders.length >= config.maxConcurrentRuns;
    const state = busy ? "busy" : probe.state;
    const before = since.get(config.id);
    const at = before?.state === state ? before.at : clock.now();
    since.set(config.id, { state, at });
    return {
      id: config.id,
      kind: config.kind,
      ...config.scope,
      ...(config.kind === "attached" ? { baseUrl: config.baseUrl } : {}),
      origin: "config" as const,
      maxConcurrentRuns: config.maxConcurrentRuns,
      state,
      since: at,
      ...(probe.message === undefined ? {} : { message: probe.message }),
      ...(probe.engine === undefined ? {} : { engine: probe.engine }),
      // A cluster may serve several tenants: that it is busy concerns all of them, with which runs does not.
      holders: holders
        .filter((run) => canSee(caller, run))
        .map((run) => ({ runId: run.id, slot: run.slot ?? 0 })),
      queueLength: mine.filter((run) => run.status === "Pending").length,
    };
  };

  const everyLoadTest = async (visible: ScopeFilter): Promise<Scope[]> => {
    const scopes: Scope[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await stores.loadTests.list(
        { limit: 200, sort: "-createdAt", ...(cursor === undefined ? {} : { cursor }) },
        visible,
      );
      scopes.push(...page.items);
      cursor = page.nextCursor;
    }
    return scopes;
  };

  const storeProblem = (): Promise<string | undefined> =>
    stores.ping().then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );

  const isActive = (): boolean => deps.membership.term() !== undefined;

  return {
    listClusters: async ({ query, caller }) => {
      const { accountId, orgId, projectId, envId } = query;
      const asked = { accountId, orgId, projectId, envId };
      const exact = accountId !== undefined && orgId !== undefined && projectId !== undefined;
      const open = await stores.runs.unsettled();
      const shown = [...deps.clusters.values()].filter(
        ({ config }) =>
          overlaps(config.scope, visibleOf(caller)) &&
          (exact
            ? serves(config, { ...asked, envId: envId ?? config.scope.envId })
            : overlaps(config.scope, asked)),
      );
      const items = await Promise.all(shown.map((one) => clusterAnswer(one, open, caller)));
      return { body: { items } };
    },
    getCluster: async ({ params, caller }) => {
      const { clusterId } = params;
      const adapter = deps.clusters.get(clusterId);
      const open = await stores.runs.unsettled();
      const there =
        [...deps.clusters.values()].some(({ config }) => config.id === clusterId) ||
        open.some((run) => run.locustClusterId === clusterId);
      if (adapter === undefined || !there || !overlaps(adapter.config.scope, visibleOf(caller))) {
        throw notFound("cluster", clusterId);
      }
      return { body: await clusterAnswer(adapter, open, caller) };
    },
    listScopes: async ({ caller }) => {
      const tree: ScopeTree = { accounts: [] };
      for (const scope of await everyLoadTest(visibleOf(caller))) addTo(tree, scope);
      for (const { config } of deps.clusters.values()) {
        const { accountId, orgId, projectId, envId } = config.scope;
        if (accountId === undefined || orgId === undefined || projectId === undefined) continue;
        const scope = { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
        if (canSee(caller, scope)) addTo(tree, scope);
      }
      return { body: tree };
    },
    getMe: async ({ caller }) => ({ body: { ...caller, permissions: ["read", "write"] } }),
    getLiveness: async () => ({ body: { status: "ok" } }),
    getReadiness: async () => {
      const problem = await storeProblem();
      const reasons = [
        ...notReady(),
        ...(isActive() ? [] : ["this server's heartbeat has not reached the store for too long"]),
        ...(problem === undefined ? [] : [`store: ${problem}`]),
      ];
      const ready = reasons.length === 0;
      return { status: ready ? 200 : 503, body: { ready, reasons } };
    },
    getHealth: async () => {
      const problem = await storeProblem();
      const probes = await Promise.all([...deps.clusters.values()].map(probeOf));
      const unreachable = probes.filter((probe) => probe.state === "unreachable").length;
      const ok = problem === undefined;
      return {
        body: {
          status: ok && unreachable === 0 ? "ok" : "degraded",
          version,
          server: {
            id: deps.membership.holder,
            hostId: deps.hostId,
            active: isActive(),
          },
          store: { kind: stores.kind, ok, ...(problem === undefined ? {} : { message: problem }) },
          clusters: { total: probes.length, unreachable },
        },
      };
    },
    getPrometheusMetrics: async () => {
      const open = await stores.runs.unsettled();
      const byStatus = new Map<string, number>();
      for (const run of open) byStatus.set(run.status, (byStatus.get(run.status) ?? 0) + 1);
      const lines = [
        "# HELP load_manager_open_runs Runs that are not settled, by status.",
        "# TYPE load_manager_open_runs gauge",
        ...[...byStatus].map(
          ([status, count]) => `load_manager_open_runs{status="${status}"} ${count}`,
        ),
        "# HELP load_manager_info The version that runs.",
        "# TYPE load_manager_info gauge",
        `load_manager_info{version="${version}"} 1`,
        "# HELP load_manager_heap_bytes JavaScript heap in use.",
        "# TYPE load_manager_heap_bytes gauge",
        `load_manager_heap_bytes ${process.memoryUsage().heapUsed}`,
      ];
      return { raw: `${lines.join("\n")}\n` };
    },
  };
};
