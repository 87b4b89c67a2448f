import { describe, expect, test } from "vitest";
import type { ClusterAdapter } from "../../clusters/port.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { admitPending } from "../controller/admission.ts";
import { onlyCluster } from "../testing/simulation/clusters.ts";
import { createWorld } from "../testing/simulation/world.ts";

/** A new store, and a Locust that has seen fence 7 from another store. */
const usedLocust = async () => {
  const it = await createWorld({ kind: "attached", plugin: true, servers: 1, hosts: 1, runs: 1 });
  const { adapter } = it.cluster;
  await adapter.commands.attach({ run: runOf(), fence: 7 });
  const withFence: ClusterAdapter = {
    ...adapter,
    probe: async () => ({ ...(await adapter.probe()), fence: 7 }),
    observe: async (run) => {
      const seen = await adapter.observe(run);
      return seen.kind === "load" ? { ...seen, load: { ...seen.load, fence: 7 } } : seen;
    },
  };
  const deps = it.calm({ clusters: onlyCluster(withFence) });
  const run = await it.create();
  return { it, adapter, deps, run, stored: () => it.base.runs.get(run.id) };
};

test("a server knows which leases it has, and since when", async () => {
  const it = await createWorld({ kind: "attached", plugin: true, servers: 1, hosts: 1, runs: 1 });
  const { ownership, clock } = it.calm();
  const { holder } = ownership;
  expect(await ownership.heldLeases()).toEqual([]);
  const slot = { clusterId: "sim", slot: 0, runId: "r" };
  const lease = await ownership.takeLease(slot, undefined, async () => undefined);
  expect(await ownership.heldLeases()).toEqual([{ ...lease, takenAt: clock.now() }]);
  await it.base.leases.claim({ ...slot, holder: "another" }, lease?.fence);
  expect(await ownership.heldLeases()).toEqual([]);
  expect(holder).not.toBe("another");
});

describe("a Locust that a server with another store has used", () => {
  test("is claimed with a fence above its own while it is idle", async () => {
    const { it, adapter, deps, run, stored } = await usedLocust();
    await admitPending(deps, "sim", [run]);
    const claimed = await stored();
    expect([claimed?.status, claimed?.fence]).toEqual(["Starting", 8]);
    expect((await it.base.leases.get("sim", 0))?.fence).toBe(8);
    await adapter.commands.attach({ run, fence: claimed?.fence ?? 0 });
  });

  test("is not claimed while it works on another run", async () => {
    const { adapter, deps, it, run, stored } = await usedLocust();
    await adapter.commands.start({ run: runOf({ id: "another" }), fence: 7 });
    await admitPending(deps, "sim", [run]);
    expect((await stored())?.status).toBe("Pending");
    expect(await it.base.leases.get("sim", 0)).toBeUndefined();
  });

  test.each([
    ["above its fence if it works on this run", "own", 8],
    ["below its fence while it works on another run", "another", 1],
    ["below its fence while it is idle, since its last run may have been this one", "none", 1],
  ])("is leased %s", async (_, there, fence) => {
    const { adapter, deps, run } = await usedLocust();
    if (there === "own") await adapter.commands.start({ run, fence: 7 });
    if (there === "another")
      await adapter.commands.start({ run: runOf({ id: "another" }), fence: 7 });
    expect((await deps.ownership.holdRun(run))?.fence).toBe(fence);
  });
});
