import { expect, test } from "vitest";
import { stopTestRun } from "../commands/stop.ts";
import { settleRun } from "./settle.ts";
import { onlyCluster } from "../testing/simulation/clusters.ts";
import { createWorld } from "../testing/simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

test("the event of the last state is there once, whether a kill kept it from being written or not", async () => {
  for (const killed of [true, false]) {
    const it = await createWorld(ONE);
    const deps = it.calm();
    const { id } = await it.create();
    const { events } = deps.stores;
    const dying: typeof events = {
      ...events,
      append: (runId, told) =>
        told.some(({ data }) => data?.["to"] === "Stopped")
          ? Promise.reject(new Error("killed"))
          : events.append(runId, told),
    };
    const stores = killed ? { ...deps.stores, events: dying } : deps.stores;
    await stopTestRun(it.calm({ stores }), id, { name: "t" }).catch(() => {});
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("it is gone");
    await settleRun(deps, run, {});
    const { items } = await events.list(id, { limit: 9 });
    const last = items.filter(({ data }) => data?.["to"] === "Stopped");
    expect(last).toEqual([
      {
        at: run.updatedAt,
        type: "status",
        message: "Stopped: Stopped by t.",
        data: { to: "Stopped", code: "stopped_by_user", ...(killed ? {} : { from: "Pending" }) },
      },
    ]);
  }
});

test("an attached Locust that stays silent keeps the slot for 15 minutes, and no longer", async () => {
  const it = await createWorld({ ...ONE, kind: "attached", plugin: false });
  const deps = it.calm();
  const { id } = await it.create();
  await it.reconcileAll();
  await it.reconcileAll();
  const { version, slot } = (await it.base.runs.get(id)) ?? {};
  const run = await it.base.runs.update(
    id,
    { version: version ?? 0 },
    { status: "Failed", finishedAt: it.now() },
  );
  if (run === undefined || slot === undefined) throw new Error("it was not started");
  const { adapter } = it.cluster;
  const cleanUp = () => Promise.reject(new Error("silent"));
  const silent = { ...adapter, commands: { ...adapter.commands, cleanUp } };
  const settle = () => settleRun({ ...deps, clusters: onlyCluster(silent) }, run, {});
  const lease = async () => (await it.base.leases.get("sim", slot))?.runId;
  it.advance(899_000);
  await expect(settle()).rejects.toThrow("silent");
  expect(await lease()).toBe(id);
  it.advance(1000);
  expect((await settle())?.settledAt).toBe(it.now());
  expect(await lease()).toBeUndefined();
  const { items } = await deps.stores.events.list(id, { limit: 50 });
  expect(items.map(({ type }) => type)).toContain("load_may_be_left");
});

test("nothing is stopped for a run whose slot another has by now", async () => {
  const it = await createWorld({ ...ONE, kind: "attached", plugin: false, runs: 2 });
  const deps = it.calm();
  const [first, second] = [await it.create(), await it.create()];
  for (let pass = 0; pass < 60; pass += 1) {
    it.advance(1000);
    await it.reconcileAll();
    if ((await it.base.runs.get(second.id))?.status === "Running") break;
  }
  const ended = await it.base.runs.get(first.id);
  if (ended === undefined) throw new Error("it is gone");
  // A kill after the slot was given back, and before that was written down.
  const cut = await it.base.runs.update(first.id, { version: ended.version }, { settledAt: null });
  expect((await settleRun(deps, cut ?? ended, {}))?.settledAt).toBeDefined();
  const load = it.cluster.loads().find(({ runId }) => runId === second.id);
  expect([load === undefined, load?.stopIssuedAt]).toEqual([false, undefined]);
});
