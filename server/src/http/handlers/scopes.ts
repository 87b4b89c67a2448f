import type { ScopeTree } from "@load-manager/contract/api/access.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import type { Clusters } from "../../clusters/port.ts";
import type { ScopeCountStore } from "../../stores/model/scope-count.ts";
import type { Handlers } from "../bind.ts";

type Deps = {
  readonly scopeCounts: Pick<ScopeCountStore, "list">;
  readonly clusters: Clusters;
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

/** The scopes that load tests and clusters name, as far as the caller may see them. */
export const scopeHandlers = ({ scopeCounts, clusters }: Deps): Pick<Handlers, "listScopes"> => {
  return {
    listScopes: async ({ access }) => {
      const tree: ScopeTree = { accounts: [] };
      for (const scope of await scopeCounts.list(access.visible)) addTo(tree, scope);
      for (const { config } of clusters.values()) {
        const { accountId, orgId, projectId, envId } = config.scope;
        if (accountId === undefined || orgId === undefined || projectId === undefined) continue;
        const scope = { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
        if (access.canSee(scope)) addTo(tree, scope);
      }
      return { body: tree };
    },
  };
};
