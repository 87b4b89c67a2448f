import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { describe, expect, test } from "vitest";
import { stopTestRun } from "../commands/stop.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import { createWorld, type Variant } from "../testing/simulation/world.ts";
import { reconcileRun, type RunMemory } from "./reconcile-run.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

const ONE: Variant = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 };
const damaged = () => Promise.reject(new Error("database disk image is malformed"));

/** A running run, and a server for which the reads of metrics in `broken` fail. */
const running = async (broken: readonly (keyof RunMetrics)[]) => {
  const it = await createWorld(ONE);
  const { id } = await it.create();
  for (let pass = 0; pass < 6; pass += 1) {
    it.advance(1000);
    await it.reconcileAll();
  }
  const deps = it.calm();
  const metrics = { ...deps.metrics, ...Object.fromEntries(broken.map((name) => [name, damaged])) };
  const memory: RunMemory = {};
  const pass = async (passes: number): Promise<LoadTestRun | undefined> => {
    for (let left = passes; left > 0; left -= 1) {
      it.advance(1000);
      await reconcileRun({ ...deps, metrics }, id, memory).catch(() => false);
    }
    return it.base.runs.get(id);
  };
  expect((await it.base.runs.get(id))?.status).toBe("Running");
  return { it, id, deps, pass };
};
const ALL = ["requests", "window", "finals", "gaps", "snapshot", "summary"] as const;

describe("metrics that cannot be read", () => {
  test("do not prevent a stop, and health shows them", async () => {
    const { it, id, deps, pass } = await running(ALL);
    expect((await pass(2))?.healthReason).toMatchObject({
      code: "metrics_unavailable",
      message: expect.stringContaining("malformed"),
    });
    await stopTestRun(deps, id, undefined, TESTER);
    await pass(3);
    expect(it.cluster.loads().at(-1)?.stopCause).toBe("manager");
  });

  test.each([{ broken: ALL }, { broken: ["summary"] as const }])(
    "do not keep a run from ending or its slot from being freed: $broken",
    async ({ broken }) => {
      const { it, id, pass } = await running(broken);
      const run = await pass(150);
      expect([run?.status, run?.settledAt !== undefined]).toEqual(["Finished", true]);
      expect(run?.summary).toMatchObject({ complete: false, totalRequests: 0 });
      expect(await it.base.leases.get("sim", 0)).not.toHaveProperty("runId");
      const { items } = await it.base.events.list(id, { limit: 50 });
      expect(items.find(({ type }) => type === "incomplete")?.message).toContain("cannot be read");
    },
  );

  test("are in the summary when they can be read again within a minute", async () => {
    const { it, id, pass } = await running(["summary"]);
    expect((await pass(60))?.settledAt).toBeUndefined();
    for (let left = 5; left > 0; left -= 1) await it.reconcileAll();
    expect((await it.base.runs.get(id))?.summary?.complete).toBe(true);
  });
});
