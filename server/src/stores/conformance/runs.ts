import { RunStatus, type LoadTestRun } from "@load-manager/contract/model/run.ts";
import { type RunQuery } from "@load-manager/contract/api/run.ts";
import { describe, expect, test } from "vitest";
import { canBecome } from "../../runs/domain/states.ts";
import { freshId, freshScope, runOf, runQuery, snapshotOf } from "../testing/fixtures.ts";
import { expectProblem, openedStores, range, type OpenStores } from "./harness.ts";
import { listConformance } from "./lists.ts";
import { EVERYTHING } from "../model/collection.ts";

export const runConformance = (open: OpenStores): void => {
  describe("runs", () => {
    const stores = openedStores(open);
    const store = () => stores().runs;
    const created = async (fields: Partial<LoadTestRun> = {}) => {
      const run = runOf(fields);
      await store().create(run);
      return run;
    };
    const found = async (fields: Partial<RunQuery>) =>
      (await store().list(runQuery(fields), EVERYTHING)).items.map((run) => run.id);

    const listed = (field: "startedAt" | "finishedAt") => {
      describe(`with ${field}`, () => {
        listConformance(stores, {
          create: async ({ runs }, fields) => {
            const run = runOf(fields);
            await runs.create(run);
            return run.id;
          },
          remove: ({ runs }, id) => runs.delete(id, 1),
          list: ({ runs }, query, visible) =>
            runs.list(runQuery(query as Partial<RunQuery>), visible),
          sparse: { sort: field, field },
        });
      });
    };
    listed("startedAt");
    listed("finishedAt");

    test("those that have changed since a time, the newest first", async () => {
      const far = 9_000_000_000_000;
      const { id: a } = await created({ updatedAt: far });
      const { id: b, version } = await created();
      await store().update(b, { version }, { updatedAt: far + 2 });
      const since = async (at: number, limit = 10) =>
        (await store().changedSince(at, limit)).map((run) => run.id);
      expect(await since(far)).toEqual([b, a]);
      expect(await since(far + 1)).toEqual([b]);
      expect(await since(far, 1)).toEqual([b]);
      expect(await since(far + 3)).toEqual([]);
      for (const run of await store().changedSince(far, 10))
        await store().delete(run.id, run.version);
    });

    test("lists by status, load test and time of creation", async () => {
      const scope = freshScope();
      const loadTestId = freshId();
      const a = (await created({ ...scope, loadTestId, createdAt: 100 })).id;
      const b = (await created({ ...scope, status: "Running", createdAt: 200 })).id;
      const c = (await created({ ...scope, loadTestId, status: "Failed", createdAt: 300 })).id;
      expect(await found({ ...scope, status: ["Running", "Failed"] })).toEqual([c, b]);
      expect(await found({ ...scope, status: [] })).toEqual([c, b, a]);
      expect(await found({ loadTestId })).toEqual([c, a]);
      expect(await found({ loadTestId, status: ["Pending"] })).toEqual([a]);
      expect(await found({ ...scope, from: 200 })).toEqual([c, b]);
      expect(await found({ ...scope, to: 200 })).toEqual([a]);
      expect(await found({ ...scope, from: 100, to: 300, sort: "createdAt" })).toEqual([a, b]);
      expect(await found({ ...scope, from: 300, to: 300 })).toEqual([]);
    });

    test("lists by verdict, also after it has changed", async () => {
      const scope = freshScope();
      const a = await created({ ...scope, createdAt: 100 });
      const b = (await created({ ...scope, verdict: "failed", createdAt: 200 })).id;
      expect(await found({ ...scope, verdict: ["failed", "passed"] })).toEqual([b]);
      expect(await found({ ...scope, verdict: [] })).toEqual([b, a.id]);
      await store().update(a.id, { version: 1 }, { verdict: "passed" });
      expect(await found({ ...scope, verdict: ["failed", "passed"] })).toEqual([b, a.id]);
      expect(await found({ ...scope, verdict: ["none"] })).toEqual([]);
    });

    test("gives back what was stored, every field, as deep copies", async () => {
      const given = runOf({
        status: "Stopping",
        statusReason: { code: "x", message: "y", logTail: ["é"], more: { deep: [1] } },
        scriptOptions: { "a.b": { $c: null } },
        phases: [{ from: 1, kind: "ramp" }],
        criteria: [{ id: "c1", expression: 'p95("/a.$b") < 1 s', severity: "fail" }],
        criterionVerdicts: [
          {
            id: "c1",
            expression: 'p95("/a.$b") < 1 s',
            severity: "fail",
            verdict: "inconclusive",
            observed: 0.5,
            limit: null,
            unit: "ms",
            requests: 2 ** 40,
            window: { from: 1_700_000_000_000, to: 1_700_000_060_000 },
            reason: { code: "few_values", message: "é", requestsNeeded: 200 },
            baseline: {
              value: 10,
              runs: [{ id: "a", runNumber: 1, value: 10.5 }],
              noise: { percent: null, runIds: [] },
            },
          },
        ],
        baseline: { kind: "rolling", runs: 8 },
        commandedLoad: { targetUsers: 3, spawnRate: 0.5, at: 9 },
      });
      const kept = structuredClone(given);
      await store().create(given);
      given.phases?.pop();
      const read = await store().get(kept.id);
      expect(read).toStrictEqual(kept);
      read?.phases?.pop();
      (
        await store().list(runQuery({ accountId: kept.accountId }), EVERYTHING)
      ).items[0]?.phases?.pop();
      (await store().unsettled()).find((run) => run.id === kept.id)?.phases?.pop();
      const patch = { tags: ["a"] };
      const updated = await store().update(kept.id, { version: 1 }, patch);
      patch.tags.pop();
      updated?.tags.pop();
      expect(await store().get(kept.id)).toStrictEqual({ ...kept, tags: ["a"], version: 2 });
      expect(await store().get(freshId())).toBeUndefined();
    });

    test("an id is unique", async () => {
      const run = await created();
      await expectProblem(store().create({ ...run, name: "Other" }), "conflict");
      expect(await store().get(run.id)).toEqual(run);
    });

    test("refuses every change of state outside the table, and makes every other", async () => {
      for (const from of RunStatus.options) {
        for (const to of RunStatus.options) {
          const run = await created({ status: from });
          const change = store().update(run.id, { version: 1 }, { status: to, name: "Moved" });
          if (canBecome(from, to)) {
            expect(await change).toEqual({ ...run, status: to, name: "Moved", version: 2 });
          } else {
            await expectProblem(change, "conflict");
            expect(await store().get(run.id)).toEqual(run);
          }
        }
      }
    });

    test("an update needs the version, and the fence where it is given", async () => {
      const run = await created({ fence: 4, notes: "old" });
      const patch = { notes: null, health: "degraded", summary: undefined } as const;
      expect(await store().update(run.id, { version: 2 }, patch)).toBeUndefined();
      expect(await store().update(run.id, { version: 1, fence: 3 }, patch)).toBeUndefined();
      expect(await store().update(run.id, { version: 1, fence: 5 }, patch)).toBeUndefined();
      expect(await store().update(freshId(), { version: 1 }, patch)).toBeUndefined();
      expect(await store().get(run.id)).toEqual(run);
      const { notes: _, ...rest } = run;
      const expected = { ...rest, health: "degraded", version: 2 };
      expect(await store().update(run.id, { version: 1, fence: 4 }, patch)).toStrictEqual(expected);
      expect(await store().get(run.id)).toStrictEqual(expected);
      const stale = { version: 1, fence: 4 };
      expect(await store().update(run.id, stale, { status: "Finished" })).toBeUndefined();
    });

    test("of four writers with one version one wins, always", async () => {
      const { id } = await created({ fence: 1 });
      for (const version of range(1, 8)) {
        const results = await Promise.all(
          ["a", "b", "c", "d"].map(async (name, index) => {
            for (let turn = 0; turn < index; turn += 1) await Promise.resolve();
            return store().update(id, { version, fence: 1 }, { notes: name });
          }),
        );
        const won = results.filter((result) => result !== undefined);
        expect(won).toHaveLength(1);
        expect(await store().get(id)).toEqual(won[0]);
      }
    });

    test("an update moves the run in lists", async () => {
      const run = await created({ name: "Old" });
      const { accountId } = run;
      await store().update(
        run.id,
        { version: 1 },
        { name: "New", status: "Starting", startedAt: 5 },
      );
      expect(await found({ accountId, status: ["Pending"] })).toEqual([]);
      expect(await found({ accountId, status: ["Starting"], q: "NEW" })).toEqual([run.id]);
    });

    test("a delete needs the version, and deletes the live metrics too", async () => {
      const run = await created();
      await store().setLive(run.id, snapshotOf());
      expect(await store().delete(run.id, 2)).toBe(false);
      expect(await store().delete(run.id, 1)).toBe(true);
      expect(await store().delete(run.id, 1)).toBe(false);
      expect(await store().get(run.id)).toBeUndefined();
      expect(await store().getLive([run.id])).toEqual(new Map());
    });

    test("unsettled runs, oldest first, also those that have ended", async () => {
      const c = await created({ createdAt: 30 });
      const settled = await created({ createdAt: 15, status: "Finished", settledAt: 16 });
      const a = await created({ createdAt: 10, status: "Failed" });
      const b = await created({ createdAt: 20, status: "Running" });
      const mine = new Set([a, b, c, settled].map((run) => run.id));
      const waiting = async () => (await store().unsettled()).filter((run) => mine.has(run.id));
      expect(await waiting()).toEqual([a, b, c]);
      await store().update(a.id, { version: 1 }, { settledAt: 40 });
      expect((await waiting()).map((run) => run.id)).toEqual([b.id, c.id]);
    });

    test("finds an external run by its cluster and key", async () => {
      const [clusterId, other, key] = [freshId(), freshId(), `key ${freshId()}`];
      const run = await created({
        locustClusterId: clusterId,
        externalKey: key,
        trigger: "external",
      });
      await created({ locustClusterId: clusterId });
      expect(await store().findExternal(clusterId, key)).toEqual(run);
      expect(await store().findExternal(other, key)).toBeUndefined();
      expect(await store().findExternal(clusterId, "another")).toBeUndefined();
    });

    test("names the runs that are kept", async () => {
      const [kept, changed, other] = [
        await created({ keep: true }),
        await created({ keep: true }),
        await created(),
      ];
      await store().update(changed.id, { version: 1 }, { keep: false });
      const ids = await store().kept();
      expect([kept, changed, other].map(({ id }) => ids.includes(id))).toEqual([
        true,
        false,
        false,
      ]);
    });

    test("counts the runs of a load test by status", async () => {
      const loadTestId = freshId();
      await created({ loadTestId });
      await created({ loadTestId, status: "Running" });
      await created({ loadTestId, status: "Finished" });
      await created({ status: "Running" });
      expect(await store().count(loadTestId, ["Pending", "Running"])).toBe(2);
      expect(await store().count(loadTestId, ["Failed"])).toBe(0);
      expect(await store().count(loadTestId, [])).toBe(0);
    });

    test("live metrics: the newest wins, and the run is not touched", async () => {
      const [run, without] = [await created(), await created()];
      const newest = snapshotOf({
        timestamp: 2_000,
        totalRequests: 20,
        requestStats: {
          "GET /a.b": {
            method: "GET",
            name: "/a.b",
            numRequests: 1,
            numFailures: 0,
            avgResponseTime: 1.5,
            minResponseTime: null,
            maxResponseTime: 2,
            medianResponseTime: 1,
            p95ResponseTime: 2,
            p99ResponseTime: 2,
            requestsPerSec: 0.1,
          },
        },
      });
      await store().setLive(run.id, snapshotOf({ timestamp: 1_000 }));
      await store().setLive(run.id, newest);
      await store().setLive(run.id, snapshotOf({ timestamp: 1_500, totalRequests: 15 }));
      const live = await store().getLive([run.id, without.id, freshId()]);
      expect(live).toEqual(new Map([[run.id, newest]]));
      Object.assign(live.get(run.id) ?? {}, { totalRequests: 0 });
      expect((await store().getLive([run.id])).get(run.id)).toEqual(newest);
      expect(await store().getLive([])).toEqual(new Map());
      expect(await store().get(run.id)).toEqual(run);
    });
  });
};
