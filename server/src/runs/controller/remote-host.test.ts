import { describe, expect, test } from "vitest";
import { killAt } from "../domain/deadline.ts";
import { POLICY } from "../domain/policy.ts";
import { createWorld } from "../testing/simulation/world.ts";

/** A run of 20 s whose machine goes down with its server; a server on another machine is left. */
const machineDown = async () => {
  const it = await createWorld({ kind: "local", plugin: true, servers: 2, hosts: 2, runs: 1 });
  const { id } = await it.create();
  const stored = async () => {
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("the run is gone");
    return run;
  };
  const reconcileFor = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      it.advance(1000);
      await it.reconcileAll();
    }
  };
  await it.reconcileAll();
  await reconcileFor(4);
  const running = await stored();
  expect([running.status, running.health, running.hostId]).toEqual(["Running", "ok", "host-0"]);
  it.cutOff(0, 3_600_000);
  return { it, stored, reconcileFor, lostAt: (killAt(running) ?? 0) + POLICY.hostLostMs };
};

describe("a run on a machine without a live server", () => {
  test("has unknown health once its server must be gone, with one event", async () => {
    const { it, stored, reconcileFor } = await machineDown();
    await reconcileFor(10);
    expect((await stored()).health).toBe("ok");
    await reconcileFor(20);
    const run = await stored();
    expect([run.status, run.health, run.healthReason?.code]).toEqual([
      "Running",
      "unknown",
      "host_unknown",
    ]);
    expect(run.healthReason?.message).toContain("host-0");
    const { items } = await it.base.events.list(run.id, { limit: 100 });
    const changes = items.filter(({ type }) => type === "health");
    expect(changes.map(({ data }) => data?.["code"])).toEqual(["host_unknown"]);
  });

  test("is Failed as host_lost a minute after all its load must have ended, and not before", async () => {
    const { it, stored, reconcileFor, lostAt } = await machineDown();
    await reconcileFor(Math.floor((lostAt - it.now()) / 1000) - 1);
    expect([(await stored()).status, it.now() < lostAt]).toEqual(["Running", true]);
    await reconcileFor(3);
    const run = await stored();
    expect([run.status, run.statusReason?.code]).toEqual(["Failed", "host_lost"]);
    expect(run.finishedAt).toBeGreaterThan(lostAt);
    expect(run.settledAt).toBeDefined();
  });
});
