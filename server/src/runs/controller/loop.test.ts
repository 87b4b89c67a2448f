import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ClusterAdapter, Clusters } from "../../clusters/port.ts";
import { createLoop } from "./loop.ts";
import type { Services } from "../testing/services.ts";
import { createWorld } from "../testing/simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

/** Runs the real loop until `done` is true. Returns whether that happened within 1.5 s. */
const looped = async (deps: Services, done: () => Promise<boolean>): Promise<boolean> => {
  const loop = createLoop(deps);
  loop.start();
  const end = performance.now() + 1500;
  let isDone = false;
  while (!isDone && performance.now() < end) {
    await sleep(20);
    isDone = await done();
  }
  await loop.stop();
  return isDone;
};

test("a queued run that cannot be written holds up neither active runs nor the runs behind it", async () => {
  const it = await createWorld(ONE);
  const deps = it.calm();
  const active = await it.create();
  await it.reconcileAll();
  const [broken, behind] = [await it.create(), await it.create()];
  const statusOf = async (id: string) => await it.base.runs.get(id);
  const update: typeof deps.stores.runs.update = (id, ...rest) =>
    id === broken.id
      ? Promise.reject(new Error("SQLITE_CORRUPT"))
      : deps.stores.runs.update(id, ...rest);
  const failing = it.calm({ stores: { ...deps.stores, runs: { ...deps.stores.runs, update } } });
  const before = (await statusOf(active.id))?.version ?? 0;
  const isDone = await looped(
    failing,
    async () =>
      ((await statusOf(active.id))?.version ?? 0) > before &&
      (await statusOf(behind.id))?.statusReason?.position === 1,
  );
  expect(isDone).toBe(true);
  expect((await statusOf(broken.id))?.statusReason).toBeUndefined();
});

test("a cluster that does not answer holds up no run of another cluster", async () => {
  const it = await createWorld(ONE);
  const deps = it.calm();
  const slow: ClusterAdapter = {
    ...it.cluster.adapter,
    config: {
      id: "slow",
      kind: "attached",
      scope: {},
      maxConcurrentRuns: 1,
      baseUrl: "http://slow",
    },
    probe: () => sleep(4000, { state: "unreachable" as const }),
  };
  const clusters: Clusters = {
    ...deps.clusters,
    get: (id) => (id === "slow" ? slow : deps.clusters.get(id)),
  };
  const first = await it.create();
  await it.base.runs.update(first.id, { version: first.version }, { locustClusterId: "slow" });
  const second = await it.create();
  const isDone = await looped(
    { ...deps, clusters },
    async () => (await it.base.runs.get(second.id))?.status === "Starting",
  );
  expect(isDone).toBe(true);
});
