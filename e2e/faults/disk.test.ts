import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { config, startLocust } from "../attached-locust.ts";
import { LOCUSTS, running, SCOPE, settled, until } from "../harness.ts";
import { ALL_FAULTS, note, openWorld } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

const fill = (path: string): (() => void) => {
  const file = openSync(path, "w");
  for (const bytes of [1 << 20, 4096, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(bytes, 1));
    } catch {
      // No room is left for a write of this size.
    }
  }
  return () => {
    closeSync(file);
    rmSync(path);
  };
};

/** Needs root to mount a small disk. */
describe.runIf(ALL_FAULTS)("a full disk, on sqlite", () => {
  const onSmallDisk = async () => {
    const world = await openWorld("sqlite", python);
    mkdirSync(world.dataDir, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", world.dataDir]);
    world.closers.push(async () => execFileSync("umount", [world.dataDir]));
    const server = await world.serve();
    const get = (path: string) => fetch(`${server.address}${path}`);
    return { world, server, get };
  };

  test("row 21: full, without the plugin: load still ends at its deadline", async () => {
    const world = await openWorld("sqlite", python);
    mkdirSync(world.dataDir, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", world.dataDir]);
    world.closers.push(async () => execFileSync("umount", [world.dataDir]));
    const locust = await startLocust({ python, folder: `${world.folder}/locust`, plugin: false });
    world.closers.push(() => locust.stop());
    // A snapshot is stored at every pass.
    const often = "orchestrator: { metricsPollIntervalSeconds: 1 }\n";
    const { client } = await world.serve({
      config: `${world.storeConfig()}${config(locust.baseUrl)}${often}`,
    });
    const body = { ...SCOPE, name: "Shop", targetUrl: world.shop.url };
    const loadTestId = (await client.createLoadTest({ body })).id;
    const users = { targetUsers: 3, spawnRate: 3, durationSeconds: 8 };
    const run = await client.createRun({ params: { loadTestId }, body: users });
    const { startedAt } = await running(client, run.id);
    const free = fill(join(world.dataDir, "filler"));
    const health = await until("health to say so", async () => {
      const { healthReason } = await client.getRun({ params: { runId: run.id } });
      return healthReason?.code === "metrics_unavailable" ? healthReason : undefined;
    });
    expect(health.message).toContain("disk is full");
    await sleep(10_000);
    expect((world.shop.lastAt() ?? 0) - (startedAt ?? 0)).toBeLessThan(12_000);
    free();
    expect((await settled(client, run.id)).status).toBe("Finished");
    note({ row: 21, fault: "disk full, no plugin", store: "sqlite" });
  });

  test.each([
    { until: "during the run", fault: "disk full for 8 s during a run", durationSeconds: 20 },
    { until: "after its end", fault: "disk full until after the end", durationSeconds: 6 },
  ])("row 21: full, with room again $until", async ({ fault, durationSeconds }) => {
    const { world, server, get } = await onSmallDisk();
    const loadTestId = await world.define(server);
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    const free = fill(join(world.dataDir, "filler"));
    const full = Date.now();
    const reasons = await until("readyz to say so", async () => {
      const answer = await get("/readyz");
      return answer.ok ? undefined : ((await answer.json()) as { reasons: string[] }).reasons;
    });
    const detectedMs = Date.now() - full;
    expect(reasons.join()).toContain("disk is full");
    expect((await get("/livez")).status).toBe(200);
    expect((await get(`/v1/runs/${run.id}`)).status).toBe(200);
    await sleep(8000 - Math.min(8000, Date.now() - full));
    if (durationSeconds < 10) {
      const ended = await until("the end, written from the ballast", async () => {
        const seen = await server.client.getRun({ params: { runId: run.id } });
        return seen.finishedAt === undefined ? undefined : seen;
      });
      expect(ended.status).toBe("Finished");
    }
    free();
    const back = Date.now();
    await until("readiness", async () => ((await get("/readyz")).ok ? true : undefined));
    const recoveredMs = Date.now() - back;
    await until(
      "every request",
      async () => {
        const { complete } = await server.client.getRunSummary({ params: { runId: run.id } });
        return complete ? true : undefined;
      },
      90,
    );
    await world.verify(server, run.id, { status: "Finished" });
    note({ row: 21, fault, store: "sqlite", detectedMs, recoveredMs });
  });
});
