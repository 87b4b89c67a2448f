import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { config, startLocust } from "./attached-locust.ts";
import {
  counted,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  running,
  SCOPE,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";
import { startTarget, type Target, VISITS } from "./target.ts";

const AUTO_STOP = { enabled: true, failedPercent: 90, windowSeconds: 5, minRequests: 20 };

const define = async (server: Server, target: Target, autoStop = AUTO_STOP): Promise<string> => {
  const body = { ...SCOPE, name: "Broken", targetUrl: target.url, locustfile: VISITS, autoStop };
  return (await server.client.createLoadTest({ body })).id;
};

/** Waits until no request has arrived for two seconds. */
const loadEnds = async (target: Target, seconds: number): Promise<number> =>
  until(
    "the end of load",
    async () => {
      const before = target.arrived();
      await sleep(2000);
      return target.arrived() === before ? before : undefined;
    },
    seconds,
  );

const BODY = { targetUsers: 4, spawnRate: 4, durationSeconds: 120 };

describe.each(ONE_LOCUST)("auto-stop on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let target: Target;
  beforeAll(async () => {
    target = await startTarget(500);
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await target.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("a run whose requests all fail is Stopped, with the evidence", async () => {
    const { client } = server;
    const loadTestId = await define(server, target);
    const run = await client.createRun({ params: { loadTestId }, body: BODY });
    expect(run.autoStop).toEqual(AUTO_STOP);
    const ended = await settled(client, run.id);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "auto_stop_errors"]);
    expect(ended.statusReason?.code).toBe("auto_stop_errors");
    const [event] = (await eventsOf(client, run.id)).filter(({ type }) => type === "auto_stop");
    expect(ended.statusReason?.data).toEqual(event?.data);
    expect(event?.data).toMatchObject({ windowSeconds: 5, failedPercent: 100 });
    const { requests, failures, from, to } = event?.data ?? {};
    expect(failures).toBe(requests);
    const ms = (at: unknown): number => (typeof at === "string" ? Date.parse(at) : Number.NaN);
    expect(ms(to) - ms(from)).toBe(5000);
    const [only] = Object.values(await counted(client, run.id));
    expect(only?.requests).toBe(target.arrived());
    expect(only?.requests).toBeGreaterThanOrEqual(Number(requests));
  });

  test("switched off, the run goes on to its end; by default auto-stop is on", async () => {
    const { client } = server;
    const loadTestId = await define(server, target, { ...AUTO_STOP, enabled: false });
    const body = { ...BODY, durationSeconds: 10 };
    const run = await client.createRun({ params: { loadTestId }, body });
    expect((await settled(client, run.id)).status).toBe("Finished");
    // The plugin ends the run by itself, without a stop from the server.
    const types = (await eventsOf(client, run.id)).map(({ type }) => type);
    expect(types.filter((type) => /^stop_|^auto_/.test(type))).toEqual([]);
    const plain = { ...SCOPE, name: "Plain", targetUrl: target.url, locustfile: VISITS };
    const { id } = await client.createLoadTest({ body: plain });
    const waiting = await client.createRun({ params: { loadTestId: id }, body });
    expect(waiting.autoStop).toEqual({
      enabled: true,
      failedPercent: 90,
      windowSeconds: 60,
      minRequests: 100,
    });
    await client.stopRun({ params: { runId: waiting.id } });
    await settled(client, waiting.id);
  });

  test("load ends although the server was killed, and the next server records the reason", async () => {
    const loadTestId = await define(server, target);
    const run = await server.client.createRun({ params: { loadTestId }, body: BODY });
    await running(server.client, run.id);
    await server.kill("SIGKILL");
    const arrived = await loadEnds(target, 20);
    server = await startServer({ python, dataDir });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Stopped", "auto_stop_errors"]);
    expect(ended.statusReason?.data).toMatchObject({ failedPercent: 100 });
    expect(target.arrived()).toBe(arrived);
  });
});

describe.each(ONE_LOCUST)("auto-stop without the plugin, on $name", ({ python }) => {
  test("the server computes it from Locust's own stats", async () => {
    const folder = newFolder();
    const dataDir = join(folder, "data");
    mkdirSync(dataDir, { recursive: true });
    const target = await startTarget(500);
    const locust = await startLocust({ python, folder, plugin: false, script: VISITS });
    const server = await startServer({ python, dataDir, config: config(locust.baseUrl) });
    const loadTestId = await define(server, target);
    const run = await server.client.createRun({ params: { loadTestId }, body: BODY });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Stopped", "auto_stop_errors"]);
    expect(ended.statusReason?.data).toMatchObject({ failedPercent: 100, windowSeconds: 5 });
    await loadEnds(target, 5);
    await server.kill("SIGTERM");
    await locust.stop();
    await target.close();
    removeFolder(folder);
  });
});
