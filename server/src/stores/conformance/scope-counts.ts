import type { ScopeCount } from "@load-manager/contract/model/scope-count.ts";
import { describe, expect, test } from "vitest";
import { countCreated, countDeleted, recountScopes } from "../../load-tests/scope-counts.ts";
import { freshScope, loadTestOf } from "../testing/fixtures.ts";
import { openedStores, type OpenStores, range } from "./harness.ts";

const MINUTE_MS = 60_000;

export const scopeCountConformance = (open: OpenStores): void => {
  describe("counts of scopes", () => {
    const stores = openedStores(open);
    let now = 1_000_000_000;
    const deps = () => ({ ...stores(), clock: { now: () => now } });
    const count = async (accountId: string): Promise<(readonly [string, number])[]> =>
      (await stores().scopeCounts.list([{ accountId }])).map(
        ({ projectId, envId = "", loadTests }) => [`${projectId}/${envId}`, loadTests] as const,
      );
    const create = async (fields: Parameters<typeof loadTestOf>[0]) => {
      const loadTest = loadTestOf(fields);
      await countCreated(deps(), loadTest);
      await stores().loadTests.create(loadTest);
      return loadTest;
    };
    const remove = async (loadTest: Awaited<ReturnType<typeof create>>): Promise<void> => {
      await stores().loadTests.delete(loadTest.id, loadTest.version);
      await countDeleted(deps(), loadTest);
    };

    test("rise and fall with load tests, whoever writes at the same time; a scope without any is not listed", async () => {
      const { accountId, orgId } = freshScope();
      const shop = { accountId, orgId, projectId: "shop" };
      const made = await Promise.all([
        ...range(1, 6).map(() => create(shop)),
        ...range(1, 3).map(() => create({ ...shop, envId: "staging" })),
        create({ ...shop, projectId: "blog" }),
      ]);
      expect(await count(accountId)).toEqual([
        ["blog/", 1],
        ["shop/", 6],
        ["shop/staging", 3],
      ]);
      expect(await stores().scopeCounts.list([])).toEqual([]);
      expect(await stores().scopeCounts.list([{ accountId, projectId: "blog" }])).toHaveLength(1);
      await Promise.all(made.filter(({ envId }) => envId === undefined).map(remove));
      expect(await count(accountId)).toEqual([["shop/staging", 3]]);
    });

    test("keep what was deleted for a minute, and are found by the time of their change", async () => {
      const scope = freshScope();
      const [first, second, third] = await Promise.all(range(1, 3).map(() => create(scope)));
      if (first === undefined || second === undefined || third === undefined) return;
      now += MINUTE_MS;
      await remove(first);
      const since = now;
      now += MINUTE_MS - 1;
      await remove(second);
      const deleted = async (): Promise<ScopeCount["deletedLoadTests"]> =>
        (await stores().scopeCounts.changedSince(since, 10)).flatMap((one) =>
          one.accountId === scope.accountId ? one.deletedLoadTests : [],
        );
      expect(await deleted()).toEqual([
        { id: first.id, version: 1, at: since },
        { id: second.id, version: 1, at: now },
      ]);
      now += 2;
      await remove(third);
      expect((await deleted()).map(({ id }) => id)).toEqual([second.id, third.id]);
      expect(await stores().scopeCounts.changedSince(now + 1, 10)).toEqual([]);
    });

    test("are made of load tests that were never counted, and lowered once nobody writes them", async () => {
      const [uncounted, tooMany, gone] = [freshScope(), freshScope(), freshScope()];
      await stores().loadTests.create(loadTestOf(uncounted));
      await stores().loadTests.create(loadTestOf(uncounted));
      await create(tooMany);
      // Their writers have ended before the load tests were stored.
      await countCreated(deps(), loadTestOf(tooMany));
      await countCreated(deps(), loadTestOf(gone));
      const counts = async () =>
        (await Promise.all([uncounted, tooMany, gone].map(({ accountId }) => count(accountId))))
          .flat()
          .map(([, loadTests]) => loadTests);
      await recountScopes(deps());
      expect(await counts()).toEqual([2, 2, 1]);
      now += 10 * MINUTE_MS + 1;
      await recountScopes(deps());
      expect(await counts()).toEqual([2, 1]);
      const left = (await stores().scopeCounts.all()).map(({ accountId }) => accountId);
      expect(left).not.toContain(gone.accountId);
      // Deleting one that was never counted lowers nothing below zero.
      await countDeleted(deps(), loadTestOf(gone));
      expect(await count(gone.accountId)).toEqual([]);
    });
  });
};
