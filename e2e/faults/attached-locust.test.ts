import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { post, workersReady } from "../attached-locust.ts";
import type { Way } from "../fault-proxy.ts";
import { running, type Server, settled, until } from "../harness.ts";
import { begin, openAttached, TOKEN } from "./attached.ts";
import { ALL_FAULTS, note, STORES } from "./world.ts";

const untilHealth = (server: Server, runId: string, health: string, seconds = 40) =>
  until(
    `health ${health}`,
    async () =>
      (await server.client.getRun({ params: { runId } })).health === health ? true : undefined,
    seconds,
  );

describe.runIf(ALL_FAULTS).each(STORES)("an attached Locust, on %s", (store) => {
  test("row 4: the start arrives, its answer is lost", async () => {
    const at = await openAttached(store, { failpoint: "start.before:pause" });
    const run = await begin(at, 12);
    await until("the pause", () =>
      at.server.output().includes("start.before") ? true : undefined,
    );
    at.toLocust.become("mute");
    at.server.child.kill("SIGCONT");
    await until("the start", () => (at.world.witness.of(run.id) > 0 ? true : undefined));
    const lost = Date.now();
    await sleep(6000);
    at.toLocust.become("open");
    await running(at.server.client, run.id);
    const recoveredMs = Date.now() - lost;
    await at.world.verify(at.server, run.id, { status: "Finished" });
    note({ row: 4, fault: "start sent, answers lost for 6 s", store, recoveredMs });
  });

  test("row 11: the master is restarted during a run", async () => {
    const at = await openAttached(store);
    const run = await begin(at, 60);
    await running(at.server.client, run.id);
    const killed = Date.now();
    await at.restartLocust();
    const ended = await settled(at.server.client, run.id);
    expect(["master_restarted", "master_lost"]).toContain(ended.statusReason?.code);
    await at.world.verify(at.server, run.id, { status: "Failed", exact: false });
    note({
      row: 11,
      fault: "master restarted during a run",
      store,
      detectedMs: Date.now() - killed,
    });
    const next = await begin(at, 4);
    await at.world.verify(at.server, next.id, { status: "Finished" });
  });

  test("row 15: no worker at the start", async () => {
    const at = await openAttached(store, { workers: 0 });
    const run = await begin(at, 10);
    const asked = Date.now();
    await at.world.verify(at.server, run.id, { status: "Failed", code: "no_workers" });
    note({
      row: 15,
      fault: "no worker at the start (waits 60 s)",
      store,
      detectedMs: Date.now() - asked,
    });
  });

  test("row 17: a third of the callbacks are lost", async () => {
    const at = await openAttached(store);
    const run = await begin(at, 20);
    await running(at.server.client, run.id);
    const losing = setInterval(() => at.toServer.reset(), 700);
    const ended = await at.world.verify(at.server, run.id, { status: "Finished" });
    clearInterval(losing);
    expect(ended.summary?.complete).toBe(true);
    note({ row: 17, fault: "callbacks cut off every 0.7 s", store });
  });

  test("row 18: callbacks after the end change nothing", async () => {
    const at = await openAttached(store);
    const run = await begin(at, 4);
    await at.world.verify(at.server, run.id, { status: "Finished" });
    const report = (what: string, more: object = {}) =>
      fetch(`${at.server.address}/v1/internal/locust/${what}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-locust-token": TOKEN },
        body: JSON.stringify({ runId: run.id, ...more }),
      });
    for (const what of ["test-start", "test-stop"]) expect((await report(what)).status).toBe(200);
    await at.world.verify(at.server, run.id, { status: "Finished" });
    note({ row: 18, fault: "callbacks after the end", store });
  });

  test("row 24: load started at Locust is neither stopped nor overwritten", async () => {
    const at = await openAttached(store, { plugin: false });
    const { baseUrl } = at.locust();
    await post(`${baseUrl}/swarm`, { user_count: "3", spawn_rate: "3", host: at.world.shop.url });
    await until("load", () => (Object.keys(at.world.shop.counts()).length > 0 ? true : undefined));
    const run = await begin(at, 5);
    await until("the reason", async () => {
      const { statusReason } = await at.server.client.getRun({ params: { runId: run.id } });
      return statusReason?.code === "cluster_busy" ? true : undefined;
    });
    await sleep(4000);
    const state = (await (await fetch(`${baseUrl}/stats/requests`)).json()) as { state: string };
    expect(state.state).toBe("running");
    await fetch(`${baseUrl}/stop`, { method: "POST" }).then((answer) =>
      answer.status === 405 ? fetch(`${baseUrl}/stop`) : answer,
    );
    await workersReady(baseUrl);
    const ended = await settled(at.server.client, run.id);
    expect(ended.status).toBe("Finished");
    note({ row: 24, fault: "load started at Locust", store });
  });

  const partition = async (name: string, which: "toLocust" | "toServer", way: Way) => {
    const at = await openAttached(store);
    const proxy = at[which];
    const run = await begin(at, 22);
    await running(at.server.client, run.id);
    await sleep(2000);
    proxy.become(way);
    const cut = Date.now();
    let detectedMs: number | undefined;
    if (which === "toLocust") {
      // Metrics that still arrive in the other direction prove that load runs.
      await untilHealth(at.server, run.id, "unknown", 9).then(
        () => (detectedMs = Date.now() - cut),
        () => undefined,
      );
    }
    await sleep(Math.max(0, 9000 - (Date.now() - cut)));
    proxy.become("open");
    proxy.reset();
    const ended = await at.world.verify(at.server, run.id, { status: "Finished" });
    expect(ended.summary?.complete).toBe(true);
    note({ row: 26, fault: name, store, ...(detectedMs === undefined ? {} : { detectedMs }) });
  };
  test.each([
    ["server → Locust silent for 9 s", "toLocust", "silent"],
    ["server → Locust refused for 9 s", "toLocust", "closed"],
    ["server → Locust one-way for 9 s: requests arrive, answers do not", "toLocust", "mute"],
    ["server → Locust one-way for 9 s: answers arrive, requests do not", "toLocust", "deaf"],
    ["plugin → server silent for 9 s", "toServer", "silent"],
    ["plugin → server refused for 9 s", "toServer", "closed"],
    ["plugin → server one-way for 9 s: requests arrive, answers do not", "toServer", "mute"],
    ["plugin → server one-way for 9 s: answers arrive, requests do not", "toServer", "deaf"],
  ] as const)("row 26: %s", partition);
});
