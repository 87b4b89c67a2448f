import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestQuery } from "@load-manager/contract/api/load-test.ts";
import { describe, expect, test } from "vitest";
import {
  freshId,
  freshScope,
  loadTestOf,
  loadTestQuery,
  recentRunOf,
} from "../testing/fixtures.ts";
import { allPages, expectProblem, openedStores, range, type OpenStores } from "./harness.ts";
import { listConformance } from "./lists.ts";
import { EVERYTHING } from "../model/collection.ts";

export const loadTestConformance = (open: OpenStores): void => {
  describe("load tests", () => {
    const stores = openedStores(open);
    const store = () => stores().loadTests;
    const created = async (fields: Partial<LoadTest> = {}) => {
      const loadTest = loadTestOf(fields);
      await store().create(loadTest);
      return loadTest;
    };

    listConformance(stores, {
      create: async ({ loadTests }, fields) => {
        const loadTest = loadTestOf(fields);
        await loadTests.create(loadTest);
        return loadTest.id;
      },
      remove: ({ loadTests }, id) => loadTests.delete(id, 1),
      list: ({ loadTests }, query, visible) =>
        loadTests.list(loadTestQuery(query as Partial<LoadTestQuery>), visible),
      sparse: { sort: "lastRunAt", field: "lastRunAt" },
    });

    test("those that have changed since a time, the newest first", async () => {
      const far = 9_000_000_000_000;
      const { id: a } = await created({ updatedAt: far });
      const { id: b, version } = await created();
      await store().update(b, version, { updatedAt: far + 2 });
      const { id: c } = await created();
      await store().setRecentRuns(c, 0, [], far + 1);
      const since = async (at: number, limit = 10) =>
        (await store().changedSince(at, limit)).map((one) => one.id);
      expect(await since(far)).toEqual([b, c, a]);
      expect(await since(far + 1)).toEqual([b, c]);
      expect(await since(far, 1)).toEqual([b]);
      expect(await since(far + 3)).toEqual([]);
      for (const one of await store().changedSince(far, 10))
        await store().delete(one.id, one.version);
    });

    test("by name: without case, in the order of code points", async () => {
      const scope = freshScope();
      const names = ["banana", "Apple", "apple", "Äther", "🍎", "\uff21", "Zebra", "10", "9"];
      for (const name of names) await created({ ...scope, name });
      const listed = (sort: "name" | "-name") =>
        allPages((cursor) =>
          store().list({ ...loadTestQuery({ ...scope, sort, limit: 2 }), cursor }, EVERYTHING),
        );
      const ascending = (await listed("name")).flat();
      expect(ascending.map(({ name }) => name.toLowerCase())).toEqual([
        "10",
        "9",
        "apple",
        "apple",
        "banana",
        "zebra",
        "äther",
        "\uff41",
        "🍎",
      ]);
      expect((await listed("-name")).flat()).toEqual(ascending.toReversed());
    });

    test("gives back what was stored, every field", async () => {
      const loadTest = await created({
        description: "",
        envId: "staging",
        tags: ["a", "b"],
        autoStop: { enabled: true, failedPercent: 90, windowSeconds: 60, minRequests: 100 },
        baseline: { kind: "run", runId: "chosen" },
        metadata: { "a.b": [1.5, null, { $x: "ÿ" }], "": false },
        environment: { PATH: "x" },
        lastRunAt: 7,
        recentRuns: [recentRunOf()],
      });
      expect(await store().get(loadTest.id)).toEqual(loadTest);
      expect(await store().get(freshId())).toBeUndefined();
    });

    test("takes in and hands out deep copies", async () => {
      const given = loadTestOf({ metadata: { deep: { list: [1] } }, recentRuns: [recentRunOf()] });
      const kept = structuredClone(given);
      await store().create(given);
      given.tags.push("changed");
      given.recentRuns.pop();
      const patch = { tags: ["x"], updatedAt: 2, updatedBy: "bob" };
      const expected = { ...kept, ...structuredClone(patch), version: 2 };
      const updated = await store().update(given.id, 1, patch);
      patch.tags.push("changed");
      updated?.tags.push("changed");
      const read = await store().get(given.id);
      expect(read).toEqual(expected);
      read?.recentRuns.pop();
      const page = await store().list(loadTestQuery({ accountId: kept.accountId }), EVERYTHING);
      expect(page.items).toEqual([expected]);
      page.items[0]?.tags.push("changed");
      const recentRuns = [recentRunOf()];
      const keptRuns = structuredClone(recentRuns);
      await store().setRecentRuns(given.id, 0, recentRuns, 3);
      recentRuns.pop();
      expect(await store().get(given.id)).toEqual({
        ...expected,
        recentRuns: keptRuns,
        recentRunsVersion: 1,
        updatedAt: 3,
      });
    });

    test("an id is unique", async () => {
      const loadTest = await created();
      await expectProblem(store().create({ ...loadTest, name: "Other" }), "conflict");
      expect(await store().get(loadTest.id)).toEqual(loadTest);
    });

    test("an update sets fields where the version still is the stored one", async () => {
      const loadTest = await created({ description: "old", maxDurationSec: 9, lastRunNumber: 3 });
      const patch = {
        name: "New",
        description: null,
        maxDurationSec: undefined,
        updatedAt: 5,
        updatedBy: "bob",
      };
      expect(await store().update(loadTest.id, 2, patch)).toBeUndefined();
      expect(await store().get(loadTest.id)).toEqual(loadTest);
      const { description: _, ...rest } = loadTest;
      const expected = { ...rest, name: "New", updatedAt: 5, updatedBy: "bob", version: 2 };
      expect(await store().update(loadTest.id, 1, patch)).toStrictEqual(expected);
      expect(await store().get(loadTest.id)).toStrictEqual(expected);
      expect(await store().update(freshId(), 1, patch)).toBeUndefined();
    });

    test("an update moves the item in lists", async () => {
      const loadTest = await created({ name: "Old", tags: ["old"] });
      await store().update(loadTest.id, 1, { name: "New", tags: ["new"] });
      const found = async (fields: Partial<LoadTestQuery>) =>
        (
          await store().list(
            loadTestQuery({ accountId: loadTest.accountId, ...fields }),
            EVERYTHING,
          )
        ).items.length;
      expect([await found({ q: "old" }), await found({ tags: ["old"] })]).toEqual([0, 0]);
      expect([await found({ q: "new" }), await found({ tags: ["new"] })]).toEqual([1, 1]);
    });

    test("of four writers with one version one wins, always", async () => {
      const { id } = await created();
      for (const version of range(1, 8)) {
        const results = await Promise.all(
          ["a", "b", "c", "d"].map((name) =>
            store().update(id, version, { name, updatedBy: name }),
          ),
        );
        const won = results.filter((result) => result !== undefined);
        expect(won).toHaveLength(1);
        expect(await store().get(id)).toEqual(won[0]);
      }
    });

    test("a delete needs the version too, and happens once", async () => {
      const { id } = await created();
      expect(await store().delete(id, 2)).toBe(false);
      const deleted = await Promise.all([store().delete(id, 1), store().delete(id, 1)]);
      expect(deleted.filter(Boolean)).toHaveLength(1);
      expect(await store().get(id)).toBeUndefined();
    });

    test("run numbers rise by one, whoever asks, and are no edit", async () => {
      const { id } = await created({ lastRunNumber: 4 });
      const numbers = await Promise.all(
        range(1, 12).map((at) => store().nextRunNumber(id, at * 10)),
      );
      expect(numbers.toSorted((a, b) => Number(a) - Number(b))).toEqual(range(5, 16));
      const last = numbers.indexOf(16);
      expect(await store().get(id)).toMatchObject({
        lastRunNumber: 16,
        lastRunAt: (last + 1) * 10,
        version: 1,
        updatedAt: 1_000,
      });
      expect(await store().nextRunNumber(freshId(), 1)).toBeUndefined();
    });

    test("recent runs have a counter of their own", async () => {
      const { id } = await created();
      const recentRuns = [recentRunOf()];
      const edit = store().update(id, 1, { name: "Edited", updatedAt: 9 });
      expect(await store().setRecentRuns(id, 0, recentRuns, 8)).toBe(true);
      expect(await edit).toBeDefined();
      expect(await store().setRecentRuns(id, 0, [], 10)).toBe(false);
      expect(await store().get(id)).toMatchObject({
        name: "Edited",
        version: 2,
        recentRuns,
        recentRunsVersion: 1,
      });
      const won = await Promise.all(range(1, 4).map((at) => store().setRecentRuns(id, 1, [], at)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await store().setRecentRuns(freshId(), 0, [], 1)).toBe(false);
    });
  });
};
