import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort, post, startLocust, workersReady } from "../attached-locust.ts";
import { type FaultProxy, startFaultProxy } from "../fault-proxy.ts";
import { LOCUSTS, running, SCOPE, type Server, settled, until } from "../harness.ts";
import { ALL_FAULTS, note, openWorld, type Store, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const TOKEN = "callback-token";

/** A Locust that somebody runs, and between it and the server, both ways, something that can fail. */
const openAttached = async (
  store: Store,
  options: {
    readonly failpoint?: string;
    readonly plugin?: boolean;
    readonly workers?: number;
  } = {},
) => {
  const world = await openWorld(store, python);
  const { plugin = true, workers = 2 } = options;
  const port = await freePort();
  const toServer = await startFaultProxy(port);
  const start = (ports?: { web: number; master: number }) =>
    startLocust({
      python,
      folder: `${world.folder}/locust`,
      plugin,
      workers,
      script: world.locustfile,
      serverUrl: `http://127.0.0.1:${toServer.port}`,
      ...(ports === undefined ? {} : { ports }),
    });
  let locust = await start();
  const toLocust = await startFaultProxy(locust.ports.web);
  world.closers.push(async () => {
    await locust.stop();
    await toLocust.close();
    await toServer.close();
  });
  const server = await world.serve({
    port,
    ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
    config: `${world.storeConfig()}
server: { callbackUrls: ["http://127.0.0.1:${toServer.port}"] }
locustClusters:
  - { id: attached, baseUrl: "http://127.0.0.1:${toLocust.port}", ...SCOPE }
security: { locustCallbackToken: ${TOKEN} }
`.replace(
      "...SCOPE",
      `accountId: ${SCOPE.accountId}, orgId: ${SCOPE.orgId}, projectId: ${SCOPE.projectId}`,
    ),
  });
  return {
    world,
    server,
    toServer,
    toLocust,
    locust: () => locust,
    restartLocust: async () => {
      const { ports } = locust;
      await locust.stop();
      locust = await start(ports);
    },
  };
};

const begin = async (
  { world, server }: { world: Awaited<ReturnType<typeof openWorld>>; server: Server },
  durationSeconds: number,
) => {
  const loadTestId = await world.define(server);
  const body = { targetUsers: 6, spawnRate: 6, durationSeconds };
  return server.client.createRun({ params: { loadTestId }, body });
};

const untilHealth = (server: Server, runId: string, health: string) =>
  until(
    `health ${health}`,
    async () =>
      (await server.client.getRun({ params: { runId } })).health === health ? true : undefined,
    40,
  );

describe.runIf(ALL_FAULTS).each(STORES)("an attached Locust, on %s", (store) => {
  test("row 4: the start is sent, its answer is lost", async () => {
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

  test("row 11: the master is restarted in the middle", async () => {
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
      fault: "master restarted in the middle",
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
    const tell = (what: string, more: object = {}) =>
      fetch(`${at.server.address}/v1/internal/locust/${what}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-locust-token": TOKEN },
        body: JSON.stringify({ runId: run.id, ...more }),
      });
    for (const what of ["test-start", "test-stop"]) expect((await tell(what)).status).toBe(200);
    await at.world.verify(at.server, run.id, { status: "Finished" });
    note({ row: 18, fault: "callbacks after the end", store });
  });

  test("row 24: load that was started outside is neither stopped nor overwritten", async () => {
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
    note({ row: 24, fault: "load that was started outside", store });
  });

  const partition = async (
    name: string,
    which: "toLocust" | "toServer",
    way: "silent" | "closed",
  ) => {
    const at = await openAttached(store);
    const proxy: FaultProxy = at[which];
    const run = await begin(at, 40);
    await running(at.server.client, run.id);
    await sleep(2000);
    proxy.become(way);
    const cut = Date.now();
    let detectedMs: number | undefined;
    if (which === "toLocust") {
      await untilHealth(at.server, run.id, "unknown").then(
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
  test("row 26: the server does not reach Locust (silent)", () =>
    partition("server → Locust silent for 9 s", "toLocust", "silent"));
  test("row 26: the plugin does not reach the server (silent)", () =>
    partition("plugin → server silent for 9 s", "toServer", "silent"));
  test("row 26: the plugin does not reach the server (refused)", () =>
    partition("plugin → server refused for 9 s", "toServer", "closed"));
});
