import type { ScopeTree } from "@load-manager/contract/api/access.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import type { Clusters } from "../../clusters/port.ts";
import type { Visible } from "../../stores/model/collection.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { Handlers } from "../bind.ts";

type Deps = { readonly loadTests: Pick<LoadTestStore, "list">; readonly clusters: Clusters };

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
export const scopeHandlers = ({ loadTests, clusters }: Deps): Pick<Handlers, "listScopes"> => {
  const scopesOfLoadTests = async (visible: Visible): Promise<Scope[]> => {
    const scopes: Scope[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = await loadTests.list(
        { limit: 200, sort: "-createdAt", ...(cursor === undefined ? {} : { cursor }) },
        visible,
      );
      scopes.push(...page.items);
      cursor = page.nextCursor;
    }
    return scopes;
  };

  return {
    listScopes: async ({ access }) => {
      const tree: ScopeTree = { accounts: [] };
      for (const scope of await scopesOfLoadTests(access.visible)) addTo(tree, scope);
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
