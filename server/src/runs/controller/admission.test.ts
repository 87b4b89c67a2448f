import { describe, expect, test } from "vitest";
import type { ClusterAdapter } from "../../clusters/port.ts";
import { stopTestRun } from "../commands/stop.ts";
import { admitPending } from "./admission.ts";
import { onlyCluster } from "../testing/simulation/clusters.ts";
import { createWorld } from "../testing/simulation/world.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

/** One cluster with one slot, runs of 20 s. */
const queueOf = async (length: number) => {
  const it = await createWorld(ONE);
  const ids: string[] = [];
  for (let left = length; left > 0; left -= 1) ids.push((await it.create()).id);
  const runs = async () => Promise.all(ids.map((id) => it.base.runs.get(id)));
  return { it, ids, runs };
};

/** The world's pendingTimeoutSeconds. */
const EXPIRES_MS = 6_000_000;

describe("runs in the queue of a cluster", () => {
  test("show which run has the slot, their position, and when the slot should be free", async () => {
    const { it, ids, runs } = await queueOf(4);
    await it.reconcileAll();
    await it.reconcileAll();
    const [first, ...waiting] = await runs();
    expect(first?.status).toBe("Starting");
    const from = (first?.startingAt ?? 0) + 20_000;
    expect(waiting.map((run) => [run?.status, run?.statusReason])).toEqual(
      [1, 2, 3].map((position) => [
        "Pending",
        {
          code: "cluster_busy",
          message: `The cluster sim is busy with the run "Simulated #1".`,
          position,
          runId: ids[0],
          expectedStartAt: from + (position - 1) * 20_000,
          expiresAt: (waiting[position - 1]?.createdAt ?? 0) + EXPIRES_MS,
        },
      ]),
    );
  });

  test.each([
    ["another project", { projectId: "other" }],
    ["the project around its environment", { envId: "staging" }],
  ])("do not show the name of a run of %s", async (_, scope) => {
    const { it, ids, runs } = await queueOf(2);
    const { calm, base } = it;
    const foreign = await base.runs.get(ids[1] ?? "");
    await base.runs.update(ids[1] ?? "", { version: foreign?.version ?? 0 }, scope);
    const admit = async () => {
      await admitPending(calm(), "sim", await base.runs.unsettled());
      return (await runs())[1]?.statusReason;
    };
    const busy = {
      code: "cluster_busy",
      message: "The cluster sim is busy with a run of another project or environment.",
      position: 1,
      expectedStartAt: expect.any(Number) as number,
      expiresAt: (foreign?.createdAt ?? 0) + EXPIRES_MS,
    };
    await admit();
    expect(await admit()).toEqual(busy);
    // A reason that an older version stored is replaced.
    const waiting = await base.runs.get(ids[1] ?? "");
    const leak = { ...busy, expectedStartAt: waiting?.statusReason?.expectedStartAt, message: "…" };
    await base.runs.update(
      ids[1] ?? "",
      { version: waiting?.version ?? 0 },
      { statusReason: leak },
    );
    expect(await admit()).toEqual(busy);
  });

  test("only one run gets a free slot, also after two passes", async () => {
    const { it, runs } = await queueOf(3);
    const deps = it.calm();
    await admitPending(deps, "sim", await it.base.runs.unsettled());
    await admitPending(deps, "sim", await it.base.runs.unsettled());
    expect((await runs()).map((run) => run?.status)).toEqual(["Starting", "Pending", "Pending"]);
  });

  test("move up when a run before them is cancelled, and start first in, first out", async () => {
    const { it, ids, runs } = await queueOf(4);
    await it.reconcileAll();
    const cancelled = await stopTestRun(it.calm(), ids[1] ?? "", undefined, TESTER);
    expect([cancelled.status, cancelled.endCause]).toEqual(["Stopped", "stopped_by_user"]);
    await it.reconcileAll();
    expect((await runs()).slice(2).map((run) => run?.statusReason?.position)).toEqual([1, 2]);
    for (let pass = 0; pass < 120; pass += 1) {
      it.advance(1000);
      await it.reconcileAll();
    }
    const [a, , c, d] = await runs();
    expect([a, c, d].map((run) => run?.status)).toEqual(["Finished", "Finished", "Finished"]);
    expect(c?.startingAt).toBeGreaterThanOrEqual(a?.finishedAt ?? Infinity);
    expect(d?.startingAt).toBeGreaterThanOrEqual(c?.finishedAt ?? Infinity);
  });

  test("wait while the state of the cluster is unknown, and say why", async () => {
    const it = await createWorld({ ...ONE, kind: "attached" });
    const { id } = await it.create();
    const admit = async (adapter: ClusterAdapter) => {
      const deps = it.calm({ clusters: onlyCluster(adapter) });
      await admitPending(deps, "sim", await it.base.runs.unsettled());
      return it.base.runs.get(id);
    };
    const { adapter } = it.cluster;
    const message = "The plugin has another protocol.";
    for (let pass = 0; pass < 2; pass += 1) {
      const run = await admit({ ...adapter, probe: async () => ({ state: "unknown", message }) });
      expect([run?.status, run?.statusReason]).toEqual([
        "Pending",
        {
          code: "cluster_busy",
          message,
          position: 1,
          expiresAt: (run?.createdAt ?? 0) + EXPIRES_MS,
        },
      ]);
    }
    expect((await admit(adapter))?.status).toBe("Starting");
  });

  test("are Stopped as expired after the timeout of the queue", async () => {
    const { it, runs } = await queueOf(2);
    await it.reconcileAll();
    it.advance(6_001_000, false);
    const deps = it.calm();
    await admitPending(deps, "sim", await it.base.runs.unsettled());
    const [, second] = await runs();
    expect([second?.status, second?.statusReason?.code]).toEqual(["Stopped", "expired"]);
  });
});
