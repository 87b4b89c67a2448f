import { expect, test } from "vitest";
import { stopTestRun } from "../commands/stop.ts";
import { reconcileRemoteRun } from "./remote-host.ts";
import { soleMember } from "../ownership/membership.ts";
import { createWorld, type Variant } from "../testing/simulation/world.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

const ONE: Variant = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 };

test.each([
  ["local", 65_000],
  ["local", 95_000],
  ["attached", 95_000],
] as const)(
  "on a %s cluster a server that is killed at any store call of a start, and is back %i ms later, still starts the run",
  async (kind, ms) => {
    const seen: unknown[] = [];
    for (let calls = 1; calls <= 16; calls += 1) {
      const it = await createWorld({ ...ONE, kind });
      const { id } = await it.create();
      it.disturb(0, { calls, what: "kill-after" }, ms);
      for (let pass = 0; pass < 140; pass += 1) {
        await it.reconcileAll();
        it.advance(1000);
      }
      const run = await it.base.runs.get(id);
      seen.push([calls, run?.status, run?.statusReason?.code, it.cluster.starts().length]);
    }
    expect(seen.filter((one) => !String(one).endsWith("Finished,duration_reached,1"))).toEqual([]);
  },
);

test("a run on an unreachable machine stays Stopping until its load must have ended, then it is Failed", async () => {
  const it = await createWorld({ ...ONE, servers: 2, hosts: 2 });
  const deps = it.calm();
  const { id, version } = await it.create();
  const now = it.now();
  const slot = { clusterId: "sim", slot: 0 };
  await deps.stores.leases.claim({ ...slot, holder: "gone", runId: id }, undefined);
  const starting = { status: "Starting", startingAt: now, slot: 0, fence: 1 } as const;
  const there = { hostId: "host-9", durationSeconds: 600 };
  const run = await deps.stores.runs.update(id, { version }, { ...starting, ...there });
  const running = { status: "Running", startedAt: now } as const;
  await deps.stores.runs.update(id, { version: run?.version ?? 0 }, running);
  await stopTestRun(deps, id, undefined, TESTER);
  const alone = it.calm({
    membership: { ...soleMember("alone"), isGone: async () => true, term: () => 0 },
  });
  const pass = async (): Promise<string | undefined> => {
    const found = await deps.stores.runs.get(id);
    if (found !== undefined) await reconcileRemoteRun(alone, found);
    return (await deps.stores.runs.get(id))?.status;
  };
  it.advance(500_000);
  expect(await pass()).toBe("Stopping");
  it.advance(300_000);
  expect(await pass()).toBe("Failed");
  expect((await deps.stores.runs.get(id))?.statusReason?.code).toBe("host_lost");
});
