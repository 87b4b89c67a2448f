import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ClusterAdapter, Clusters } from "../../clusters/port.ts";
import { createLoop } from "./loop.ts";
import type { Services } from "../testing/services.ts";
import { createWorld } from "../testing/simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

/** Runs the real loop until it has done what is asked; whether it has within 1.5 s. */
const looped = async (deps: Services, done: () => Promise<boolean>): Promise<boolean> => {
  const loop = createLoop(deps);
  loop.start();
  const end = performance.now() + 1500;
  let well = false;
  while (!well && performance.now() < end) {
    await sleep(20);
    well = await done();
  }
  await loop.stop();
  return well;
};

test("a waiting run that cannot be written holds up neither those that run nor those behind it", async () => {
  const it = await createWorld(ONE);
  const deps = it.calm();
  const active = await it.create();
  await it.reconcileAll();
  const [broken, behind] = [await it.create(), await it.create()];
  const statusOf = async (id: string) => await it.base.runs.get(id);
  const update: typeof deps.runs.update = (id, ...rest) =>
    id === broken.id ? Promise.reject(new Error("SQLITE_CORRUPT")) : deps.runs.update(id, ...rest);
  const sick = it.calm({ stores: { ...deps.stores, runs: { ...deps.runs, update } } });
  const before = (await statusOf(active.id))?.version ?? 0;
  const well = await looped(
    sick,
    async () =>
      ((await statusOf(active.id))?.version ?? 0) > before &&
      (await statusOf(behind.id))?.statusReason?.position === 1,
  );
  expect(well).toBe(true);
  expect((await statusOf(broken.id))?.statusReason).toBeUndefined();
});

test("a cluster that does not answer holds up no run of another", async () => {
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
  const well = await looped(
    { ...deps, clusters },
    async () => (await it.base.runs.get(second.id))?.status === "Starting",
  );
  expect(well).toBe(true);
});
