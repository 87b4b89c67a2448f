import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { eventsOf, LOCUSTS, running, until } from "../harness.ts";
import { begin, openAttached, TOKEN } from "./attached.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

describe.runIf(ALL_FAULTS).each(STORES)(
  "a cluster with a queue, a restart or new tokens, on %s",
  (store) => {
    test("row 23: a second run waits, shows for which run and how long, and does not disturb it", async () => {
      const at = await openAttached(store);
      const { client } = at.server;
      const first = await begin(at, 14);
      const { startedAt = 0 } = await running(client, first.id);
      const asked = Date.now();
      const [second, third] = [await begin(at, 4), await begin(at, 4)];
      const busy = await until("its place in the queue", async () => {
        const { statusReason } = await client.getRun({ params: { runId: second.id } });
        return statusReason?.code === "cluster_busy" ? statusReason : undefined;
      });
      const detectedMs = Date.now() - asked;
      expect(busy).toMatchObject({ position: 1, runId: first.id });
      expect(Math.abs((busy.expectedStartAt ?? 0) - (startedAt + 14_000))).toBeLessThan(5000);
      const cancelled = await client.stopRun({ params: { runId: third.id } });
      expect(cancelled.status).toBe("Stopped");
      await at.world.verify(at.server, first.id, { status: "Finished" });
      const { startedAt: began = 0 } = await at.world.verify(at.server, second.id, {
        status: "Finished",
      });
      expect(began).toBeGreaterThanOrEqual(startedAt + 14_000);
      await at.world.verify(at.server, third.id, { status: "Stopped", code: "stopped_by_user" });
      expect([at.world.witness.of(third.id), at.world.shop.counts(third.id)]).toEqual([0, {}]);
      note({ row: 23, fault: "cluster busy with another run", store, detectedMs });
    });

    const reload = async (
      { world, server, config }: Awaited<ReturnType<typeof openAttached>>,
      tokens: string,
    ): Promise<void> => {
      const before = server.output().length;
      writeFileSync(`${world.dataDir}/../${world.dataDir.split("/").at(-1)}.yaml`, config(tokens));
      server.child.kill("SIGHUP");
      await until("the reload", () =>
        server.output().slice(before).includes("Configuration reloaded") ? true : undefined,
      );
    };

    test.each(["ends by its duration", "is stopped"])(
      "row 6: a run whose cluster is no longer configured after a restart %s",
      async (how) => {
        const world = await openWorld(store, python);
        const clusters = (id: string): string =>
          `${world.storeConfig()}locustClusters: [{ id: ${id}, kind: local, workers: 2 }]\n`;
        const before = await world.serve({ config: clusters("alpha") });
        const loadTestId = await world.define(before);
        const body = {
          targetUsers: 6,
          spawnRate: 6,
          durationSeconds: how === "is stopped" ? 120 : 25,
        };
        const run = await before.client.createRun({ params: { loadTestId }, body });
        await running(before.client, run.id);
        const port = Number(new URL(before.address).port);
        await before.kill("SIGKILL");
        const killed = Date.now();
        const after = await world.serve({ config: clusters("beta"), port });
        await until("the take-over", async () =>
          (await eventsOf(after.client, run.id)).find(({ type }) => type === "adopted"),
        );
        const recoveredMs = Date.now() - killed;
        if (how === "is stopped") await after.client.stopRun({ params: { runId: run.id } });
        const status = how === "is stopped" ? "Stopped" : "Finished";
        await world.verify(after, run.id, { status });
        note({
          row: 6,
          fault: `killed, then its cluster is no longer configured: ${how}`,
          store,
          recoveredMs,
        });
      },
    );

    test("row 25: the callback token is rotated during a run", async () => {
      const at = await openAttached(store);
      const run = await begin(at, 16);
      await running(at.server.client, run.id);
      await reload(at, `[second-callback-token, ${TOKEN}]`);
      await sleep(3000);
      await reload(at, "second-callback-token");
      const ended = await at.world.verify(at.server, run.id, { status: "Finished" });
      expect(ended.summary?.complete).toBe(true);
      expect((await eventsOf(at.server.client, run.id)).map(({ type }) => type)).not.toContain(
        "records_dropped",
      );
      note({ row: 25, fault: "callback token rotated", store });
    });

    test("row 25: the token is revoked, and the new one does not reach the plugin for a while", async () => {
      const at = await openAttached(store);
      const { client } = at.server;
      const run = await begin(at, 30);
      await running(client, run.id);
      at.toLocust.become("silent");
      await reload(at, "second-callback-token");
      const revoked = Date.now();
      expect(at.server.output()).toMatch(/did not receive the new callback token/);
      const total = async () =>
        (await client.getRunSummary({ params: { runId: run.id } })).totalRequests ?? 0;
      const then = await total();
      await sleep(5000);
      // Refused metrics wait in the plugin.
      expect(await total()).toBe(then);
      expect((await client.getRun({ params: { runId: run.id } })).status).toBe("Running");
      const { health } = await until("health unknown", async () => {
        const seen = await client.getRun({ params: { runId: run.id } });
        return seen.health === "unknown" ? seen : undefined;
      });
      const detectedMs = Date.now() - revoked;
      expect(health).toBe("unknown");
      at.toLocust.become("open");
      at.toLocust.reset();
      const back = Date.now();
      await until("new metrics", async () => ((await total()) > then ? true : undefined));
      const recoveredMs = Date.now() - back;
      const ended = await at.world.verify(at.server, run.id, { status: "Finished" });
      expect(ended.summary?.complete).toBe(true);
      note({
        row: 25,
        fault: "callback token revoked, new token not delivered",
        store,
        detectedMs,
        recoveredMs,
      });
    });
  },
);
