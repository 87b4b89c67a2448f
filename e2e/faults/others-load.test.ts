import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { config, freePort, post, pressStop, startLocust } from "../attached-locust.ts";
import { LOCUSTFILE, LOCUSTS, running, SCOPE, settled, until } from "../harness.ts";
import { begin, openAttached, TOKEN } from "./attached.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const FORM = { user_count: "3", spawn_rate: "3" };

const stateOf = async (baseUrl: string): Promise<string> =>
  ((await (await fetch(`${baseUrl}/stats/requests`)).json()) as { state: string }).state;

/** A custom plugin that registers a run in test_start, before Locust's page shows any load. */
const customPlugin = (port: number): string => `${LOCUSTFILE}

import json
import urllib.request
from locust import events
from locust.runners import MasterRunner


def call(what, body):
    url = "http://127.0.0.1:${port}/v1/internal/locust/" + what
    headers = {"content-type": "application/json", "x-locust-token": "${TOKEN}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request, timeout=5))


@events.test_start.add_listener
def tell_start(environment, **_kwargs):
    if isinstance(environment.runner, MasterRunner):
        scope = ${JSON.stringify(SCOPE)}
        environment.their_run = call("register-external", dict(scope, targetUsers=3, spawnRate=3))["runId"]


@events.test_stop.add_listener
def tell_stop(environment, **_kwargs):
    if isinstance(environment.runner, MasterRunner):
        call("test-stop", {"runId": environment.their_run})
`;

describe.runIf(ALL_FAULTS).each(STORES)("load started at Locust, on %s", (store) => {
  test("row 24: the answer to the registration is lost: the load still belongs to the registered run", async () => {
    const at = await openAttached(store);
    const { client } = at.server;
    const { baseUrl } = at.locust();
    at.toServer.become("mute");
    await post(`${baseUrl}/swarm`, { ...FORM, host: at.world.shop.url });
    const run = await until("an external run", async () => {
      const { items } = await client.listRuns({ query: SCOPE });
      return items[0];
    });
    await sleep(3000);
    at.toServer.become("open");
    await sleep(17_000);
    expect((await client.getRun({ params: { runId: run.id } })).status).toBe("Running");
    await pressStop(baseUrl);
    expect((await settled(client, run.id)).statusReason?.code).toBe("stopped_at_locust");
    expect((await client.listRuns({ query: SCOPE })).items).toHaveLength(1);
    note({ row: 24, fault: "the answer to a registration is lost", store });
  });

  test("row 24: a custom plugin registers before the page shows its load", async () => {
    const world = await openWorld(store, python);
    const port = await freePort();
    const folder = `${world.folder}/locust`;
    const locust = await startLocust({ python, folder, plugin: false, script: customPlugin(port) });
    world.closers.push(() => locust.stop());
    const server = await world.serve({
      port,
      config: `${world.storeConfig()}${config(locust.baseUrl)}`,
    });
    // Requests as from an open page of Locust, which caches its answer for two seconds.
    const browser = setInterval(() => void stateOf(locust.baseUrl).catch(() => ""), 300);
    try {
      await sleep(2500);
      await post(`${locust.baseUrl}/swarm`, { ...FORM, host: world.shop.url });
      const run = await until("an external run", async () => {
        const { items } = await server.client.listRuns({ query: SCOPE });
        return items[0];
      });
      await running(server.client, run.id);
      await pressStop(locust.baseUrl);
      expect((await settled(server.client, run.id)).status).toBe("Stopped");
    } finally {
      clearInterval(browser);
    }
    note({ row: 24, fault: "a custom plugin registers before the page shows load", store });
  });

  test("row 24: without the plugin, load started right after the end of a run is not stopped", async () => {
    const at = await openAttached(store, { plugin: false });
    const { client } = at.server;
    const { baseUrl } = at.locust();
    const run = await begin(at, 6);
    await running(client, run.id);
    await until("the end of our load", async () =>
      (await stateOf(baseUrl)) === "stopped" ? true : undefined,
    );
    await sleep(3500);
    await post(`${baseUrl}/swarm`, { ...FORM, host: at.world.shop.url });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    // By now the server has sent whatever it would send.
    await sleep(12_000);
    expect(await stateOf(baseUrl)).toBe("running");
    await pressStop(baseUrl);
    note({ row: 24, fault: "load started at Locust right after a run's end, no plugin", store });
  });

  test("row 11: without the plugin a restarted master does not count as a stop of the run", async () => {
    const at = await openAttached(store, { plugin: false });
    const run = await begin(at, 60);
    await running(at.server.client, run.id);
    const began = Date.now();
    await at.restartLocust();
    const ended = await settled(at.server.client, run.id);
    expect(ended.status).toBe("Failed");
    // Which of the two depends on whether a pass falls between.
    expect(["master_restarted", "master_lost"]).toContain(ended.statusReason?.code);
    const detectedMs = (ended.finishedAt ?? 0) - began;
    note({ row: 11, fault: "master restarted during a run, no plugin", store, detectedMs });
  });
});
