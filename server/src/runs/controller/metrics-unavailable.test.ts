import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { describe, expect, test } from "vitest";
import { stopTestRun } from "../commands/stop.ts";
import type { RunDeps } from "../deps.ts";
import { createWorld, type Variant } from "../testing/simulation/world.ts";
import { type Memory, reconcileRun } from "./reconcile-run.ts";

const ONE: Variant = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 };
const damaged = () => Promise.reject(new Error("database disk image is malformed"));

/** A run under way, and a server that can read nothing, or some things not, of its figures. */
const running = async (broken: readonly (keyof RunDeps["figures"])[]) => {
  const it = await createWorld(ONE);
  const { id } = await it.create();
  for (let look = 0; look < 6; look += 1) {
    it.pass(1000);
    await it.look();
  }
  const deps = it.calm();
  const figures = { ...deps.figures, ...Object.fromEntries(broken.map((name) => [name, damaged])) };
  const memory: Memory = {};
  const look = async (looks: number): Promise<LoadTestRun | undefined> => {
    for (let left = looks; left > 0; left -= 1) {
      it.pass(1000);
      await reconcileRun({ ...deps, figures }, id, memory).catch(() => false);
    }
    return it.base.runs.get(id);
  };
  expect((await it.base.runs.get(id))?.status).toBe("Running");
  return { it, id, deps, look };
};
const ALL = ["requests", "window", "finals", "gaps", "snapshot", "summary"] as const;

describe("figures that cannot be read", () => {
  test("keep no stop from being sent, and health tells of them", async () => {
    const { it, id, deps, look } = await running(ALL);
    expect((await look(2))?.healthReason).toMatchObject({
      code: "metrics_unavailable",
      message: expect.stringContaining("malformed"),
    });
    await stopTestRun(deps, id, { name: "t" });
    await look(3);
    expect(it.cluster.loads().at(-1)?.stopCause).toBe("manager");
  });

  test.each([{ broken: ALL }, { broken: ["summary"] as const }])(
    "keep no run from its end, nor its slot from the next: $broken",
    async ({ broken }) => {
      const { it, id, look } = await running(broken);
      const run = await look(150);
      expect([run?.status, run?.settledAt !== undefined]).toEqual(["Finished", true]);
      expect(run?.summary).toMatchObject({ complete: false, totalRequests: 0 });
      expect(await it.base.leases.get("sim", 0)).not.toHaveProperty("runId");
      const { items } = await it.base.events.list(id, { limit: 50 });
      expect(items.find(({ type }) => type === "incomplete")?.message).toContain("cannot be read");
    },
  );

  test("and can be read again within a minute are in the summary", async () => {
    const { it, id, look } = await running(["summary"]);
    expect((await look(60))?.settledAt).toBeUndefined();
    for (let left = 5; left > 0; left -= 1) await it.look();
    expect((await it.base.runs.get(id))?.summary?.complete).toBe(true);
  });
});
