import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { updateRecentRuns, removeRecentRun } from "../../runs/journal/recent-runs.ts";
import { freshId, loadTestOf, recentRunOf } from "../testing/fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";

export const recentRunsConformance = (open: OpenStores): void => {
  describe("recent runs", () => {
    const stores = openedStores(open);
    const created = async () => {
      const loadTest = loadTestOf();
      await stores().loadTests.create(loadTest);
      return loadTest;
    };

    test("the 10 newest, newest first, in whatever order and however often they are written", async () => {
      const runs = range(1, 14).map((runNumber) =>
        recentRunOf({ runNumber, createdAt: 1_000 + Math.floor(runNumber / 2) }),
      );
      const orders = fc.shuffledSubarray([...runs, ...runs.slice(4, 9)], { minLength: 19 });
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          const { id } = await created();
          for (const run of order) await updateRecentRuns(stores().loadTests, id, run, 5_000);
          const loadTest = await stores().loadTests.get(id);
          expect(loadTest?.recentRuns).toEqual(runs.toReversed().slice(0, 10));
          expect(loadTest).toMatchObject({ version: 1, updatedAt: 5_000 });
        }),
        { numRuns: 3 },
      );
    });

    test("runs that end at once are all there", async () => {
      const { id } = await created();
      const runs = range(1, 6).map((runNumber) => recentRunOf({ runNumber, createdAt: runNumber }));
      const { loadTests } = stores();
      await Promise.all(runs.map((run) => updateRecentRuns(loadTests, id, run, 5_000)));
      expect((await loadTests.get(id))?.recentRuns).toEqual(runs.toReversed());
    });

    test("a run that is written again with other totals is replaced", async () => {
      const { id } = await created();
      const run = recentRunOf({ totalRequests: 1 });
      await updateRecentRuns(stores().loadTests, id, run, 5_000);
      await updateRecentRuns(stores().loadTests, id, { ...run, totalRequests: 2 }, 5_001);
      expect((await stores().loadTests.get(id))?.recentRuns).toEqual([
        { ...run, totalRequests: 2 },
      ]);
    });

    test("a deleted run goes; a load test that is gone is no error", async () => {
      const { id } = await created();
      const [kept, gone] = [recentRunOf({ createdAt: 1 }), recentRunOf({ createdAt: 2 })];
      for (const run of [kept, gone]) await updateRecentRuns(stores().loadTests, id, run, 5_000);
      await removeRecentRun(stores().loadTests, id, gone.id, 6_000);
      await removeRecentRun(stores().loadTests, id, gone.id, 7_000);
      const loadTest = await stores().loadTests.get(id);
      expect(loadTest?.recentRuns).toEqual([kept]);
      expect(loadTest?.updatedAt).toBe(6_000);
      await updateRecentRuns(stores().loadTests, freshId(), kept, 1);
      await removeRecentRun(stores().loadTests, freshId(), kept.id, 1);
    });
  });
};
