import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { Access } from "../../auth/access.ts";
import { isClusterVisible } from "../../clusters/select-cluster.ts";
import { notFound } from "../../lib/errors.ts";
import type { LoadTestDeps } from "../../load-tests/deps.ts";
import { createLoadTest, deleteLoadTest, updateLoadTest } from "../../load-tests/load-tests.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { Handlers } from "../bind.ts";
import { createOnce } from "../idempotency.ts";

type Keys =
  | "createLoadTest"
  | "listLoadTests"
  | "getLoadTest"
  | "updateLoadTest"
  | "replaceLoadTest"
  | "deleteLoadTest";

/** Rejects with the same 404 for an unknown id and for a load test that the caller may not see, with 403 without the permission. */
export const visibleLoadTest = async (
  loadTests: Pick<LoadTestStore, "get">,
  access: Access,
  id: string,
): Promise<LoadTest> => {
  const loadTest = await loadTests.get(id);
  if (loadTest === undefined) throw notFound("load test", id);
  access.check(loadTest, "load test", id);
  return loadTest;
};

/** Clusters of others are as unknown as those that do not exist, so that their ids cannot be probed. */
export const asSeenBy = (deps: LoadTestDeps, { visible }: Access): LoadTestDeps => ({
  ...deps,
  clusters: () => deps.clusters().filter((cluster) => isClusterVisible(cluster, visible)),
});

export const loadTestHandlers = (deps: LoadTestDeps): Pick<Handlers, Keys> => {
  const answer = async (loadTest: LoadTest, warnings?: ScriptProblem[]) => {
    const { latestRevisionId } = loadTest;
    const revision =
      latestRevisionId === undefined
        ? undefined
        : await deps.stores.revisions.get(latestRevisionId);
    return {
      ...loadTest,
      ...(revision === undefined
        ? {}
        : { latestRevision: { id: revision.id, revisionNumber: revision.revisionNumber } }),
      ...(warnings === undefined ? {} : { warnings }),
    };
  };

  const update = async ({
    params,
    body,
    access,
    actor,
    ifMatch,
  }: Parameters<Handlers["updateLoadTest"]>[0] | Parameters<Handlers["replaceLoadTest"]>[0]) => {
    await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
    const seen = asSeenBy(deps, access);
    const updated = await updateLoadTest(seen, params.loadTestId, body, ifMatch, actor);
    return { body: await answer(updated) };
  };

  return {
    createLoadTest: async ({ body, access, actor, newId }) => {
      access.check(body, "project", body.projectId);
      const { loadTest, warnings } = await createOnce(
        async () => {
          const known = await deps.stores.loadTests.get(newId);
          return known === undefined ? undefined : { loadTest: known, warnings: undefined };
        },
        () => createLoadTest(asSeenBy(deps, access), body, actor, newId),
      );
      return {
        body: await answer(loadTest, warnings),
        headers: { location: `/v1/load-tests/${loadTest.id}` },
      };
    },
    listLoadTests: async ({ query, access }) => {
      const { items, ...rest } = await deps.stores.loadTests.list(query, access.visible);
      return { body: { items: await Promise.all(items.map((item) => answer(item))), ...rest } };
    },
    getLoadTest: async ({ params, access }) => ({
      body: await answer(await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId)),
    }),
    updateLoadTest: update,
    replaceLoadTest: update,
    deleteLoadTest: async ({ params, access, actor, ifMatch }) => {
      const loadTest = await visibleLoadTest(deps.stores.loadTests, access, params.loadTestId);
      await deleteLoadTest(deps, loadTest, ifMatch, actor);
      return { body: null };
    },
  };
};
