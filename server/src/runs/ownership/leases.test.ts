import { describe, expect, test } from "vitest";
import type { ClusterAdapter } from "../../clusters/port.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import type { RunDeps } from "../deps.ts";
import { holdRun } from "./leases.ts";
import { admitPending } from "../controller/admission.ts";
import { onlyCluster } from "../testing/simulation/clusters.ts";
import { createWorld } from "../testing/simulation/world.ts";

/** A new store, and a Locust that has followed fence 7 for another one. */
const usedLocust = async () => {
  const it = await createWorld({ kind: "attached", plugin: true, servers: 1, hosts: 1, runs: 1 });
  const { adapter } = it.cluster;
  await adapter.attach({ run: runOf(), fence: 7 });
  const telling: ClusterAdapter = {
    ...adapter,
    probe: async () => ({ ...(await adapter.probe()), fence: 7 }),
    observe: async (run) => {
      const seen = await adapter.observe(run);
      return seen.kind === "load" ? { ...seen, load: { ...seen.load, fence: 7 } } : seen;
    },
  };
  const deps: RunDeps = { ...it.calm(), clusters: onlyCluster(telling) };
  const run = await it.create();
  return { it, adapter, deps, run, stored: () => it.base.runs.get(run.id) };
};

describe("a Locust that another store's server has used", () => {
  test("is claimed above the fence that it tells while it is idle", async () => {
    const { it, adapter, deps, run, stored } = await usedLocust();
    await admitPending(deps, "sim", [run]);
    const claimed = await stored();
    expect([claimed?.status, claimed?.fence]).toEqual(["Starting", 8]);
    expect((await it.base.leases.get("sim", 0))?.fence).toBe(8);
    await adapter.attach({ run, fence: claimed?.fence ?? 0 });
  });

  test("is not claimed while it works on another's run", async () => {
    const { adapter, deps, it, run, stored } = await usedLocust();
    await adapter.start({ run: runOf({ id: "another" }), fence: 7 });
    await admitPending(deps, "sim", [run]);
    expect((await stored())?.status).toBe("Pending");
    expect(await it.base.leases.get("sim", 0)).toBeUndefined();
  });

  test.each([
    ["above its fence for the run that it works on", "own", 8],
    ["below it while it works on another's run", "another", 1],
    ["below it while it is idle: what it did before may have been this run", "none", 1],
  ])("is held %s", async (_, there, fence) => {
    const { adapter, deps, run } = await usedLocust();
    if (there === "own") await adapter.start({ run, fence: 7 });
    if (there === "another") await adapter.start({ run: runOf({ id: "another" }), fence: 7 });
    expect((await holdRun(deps, run))?.fence).toBe(fence);
  });
});
