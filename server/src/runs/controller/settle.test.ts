import { expect, test } from "vitest";
import { stopTestRun } from "../commands/stop.ts";
import { endAllLoad, settleRun } from "./settle.ts";
import { onlyCluster } from "../testing/simulation/clusters.ts";
import { createWorld } from "../testing/simulation/world.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

test("the event of the final status exists once, whether or not a kill prevented its first write", async () => {
  for (const killed of [true, false]) {
    const it = await createWorld(ONE);
    const deps = it.calm();
    const { id } = await it.create();
    const { events } = deps.stores;
    const dying: typeof events = {
      ...events,
      append: (runId, added) =>
        added.some(({ data }) => data?.["to"] === "Stopped")
          ? Promise.reject(new Error("killed"))
          : events.append(runId, added),
    };
    const stores = killed ? { ...deps.stores, events: dying } : deps.stores;
    await stopTestRun(it.calm({ stores }), id, undefined, TESTER).catch(() => {});
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("the run is gone");
    await settleRun(deps, run, {});
    const { items } = await events.list(id, { limit: 9 });
    const last = items.filter(({ data }) => data?.["to"] === "Stopped");
    expect(last).toEqual([
      {
        at: run.updatedAt,
        type: "status",
        message: "Stopped: Stopped by t.",
        data: {
          to: "Stopped",
          code: "stopped_by_user",
          // The run has neither; its statusReason names the actor.
          ...(killed ? {} : { from: "Pending", actor: TESTER }),
        },
      },
    ]);
  }
});

test("a run on an attached Locust that stays silent keeps its slot for 15 minutes", async () => {
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
  if (run === undefined || slot === undefined) throw new Error("the run was not started");
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

test("ending all load leaves clusters alone that are not configured, and tries every run", async () => {
  const it = await createWorld({ ...ONE, runs: 3 });
  const deps = it.calm();
  const ids: string[] = [];
  for (const locustClusterId of ["gone", "sim", "sim"]) {
    const { id, version } = await it.create();
    ids.push(id);
    await it.base.runs.update(id, { version }, { status: "Starting", locustClusterId });
  }
  const ended: string[] = [];
  const cleanUp = async ({ id }: { readonly id: string }): Promise<void> => {
    ended.push(id);
    if (id === ids[1]) throw new Error("it does not end");
  };
  const cluster = { ...it.cluster.adapter, commands: { ...it.cluster.adapter.commands, cleanUp } };
  const clusters = {
    ...onlyCluster(cluster),
    get: (id: string) => (id === "sim" ? cluster : undefined),
  };
  await expect(endAllLoad({ ...deps, clusters })).rejects.toThrow("it does not end");
  expect(ended).toEqual(ids.slice(1));
});

test("settling a run does not stop the load of the run that has its slot now", async () => {
  const it = await createWorld({ ...ONE, kind: "attached", plugin: false, runs: 2 });
  const deps = it.calm();
  const [first, second] = [await it.create(), await it.create()];
  for (let pass = 0; pass < 60; pass += 1) {
    it.advance(1000);
    await it.reconcileAll();
    if ((await it.base.runs.get(second.id))?.status === "Running") break;
  }
  const ended = await it.base.runs.get(first.id);
  if (ended === undefined) throw new Error("the run is gone");
  // As after a kill between the release of the slot and the write of settledAt.
  const cut = await it.base.runs.update(first.id, { version: ended.version }, { settledAt: null });
  expect((await settleRun(deps, cut ?? ended, {}))?.settledAt).toBeDefined();
  const load = it.cluster.loads().find(({ runId }) => runId === second.id);
  expect([load === undefined, load?.stopIssuedAt]).toEqual([false, undefined]);
});
