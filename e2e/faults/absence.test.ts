import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { post, pressStop } from "../attached-locust.ts";
import { eventsOf, LOCUSTS, running, SCOPE, until } from "../harness.ts";
import { begin, openAttached, TOKEN } from "./attached.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

describe.runIf(ALL_FAULTS).each(STORES)("a time without any server, on %s", (store) => {
  test("row 7: a server killed after it accepted a stop, and back long after: the stop is sent, and the run is Stopped", async () => {
    const world = await openWorld(store, python);
    const server = await world.serve();
    const loadTestId = await world.define(server, { stopTimeoutSeconds: 0 });
    const body = { targetUsers: 3, spawnRate: 3, durationSeconds: 300 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    await server.client.stopRun({ params: { runId: run.id } });
    await server.kill("SIGKILL");
    await sleep(55_000);
    const began = Date.now();
    const next = await world.serve();
    await world.verify(next, run.id, { status: "Stopped", code: "stopped_by_user" });
    const forced = (await eventsOf(next.client, run.id)).filter(({ type }) =>
      type.startsWith("stop_forced"),
    );
    expect(forced).toEqual([]);
    const fault = "killed when a stop is accepted, no server for 55 s";
    note({ row: 7, fault, store, recoveredMs: Date.now() - began });
  });

  test("row 24: the run ends, and a user starts load in Locust's page, before a server is back", async () => {
    const at = await openAttached(store);
    const { world, server } = at;
    const run = await begin(at, 8);
    await running(server.client, run.id);
    await server.kill("SIGKILL");
    const { baseUrl } = at.locust();
    await sleep(24_000);
    await post(`${baseUrl}/swarm`, { user_count: "2", spawn_rate: "2", host: world.shop.url });
    await sleep(3000);
    const began = Date.now();
    const next = await world.serve({
      config: at.config(TOKEN),
      port: Number(new URL(server.address).port),
    });
    await world.verify(next, run.id, { status: "Finished", code: "duration_reached" });
    const recoveredMs = Date.now() - began;
    await until("the external run", async () => {
      const { items } = await next.client.listRuns({ query: { ...SCOPE, status: "Running" } });
      return items.find(({ trigger }) => trigger === "external");
    });
    await pressStop(baseUrl);
    note({
      row: 24,
      fault: "a run ends and other load starts while no server runs",
      store,
      recoveredMs,
    });
  });
});
