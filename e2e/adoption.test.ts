import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  processesWith,
  removeFolder,
  running,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

test("a run of a cluster that is no longer configured is settled at once when it is stopped", async () => {
  const dataDir = newFolder();
  const python = LOCUSTS[0]?.python ?? "python3";
  const scope = { accountId: "acme", orgId: "web", projectId: "shop" };
  const config = (id: string): string =>
    `locustClusters: [{ id: ${id}, baseUrl: "http://127.0.0.1:9", accountId: acme, orgId: web, projectId: shop }]\n`;
  let server = await startServer({ python, dataDir, config: config("gone") });
  const { runId } = await server.client.registerExternalRun({
    body: { ...scope, targetUsers: 1, spawnRate: 1 },
  });
  await server.kill("SIGTERM");
  server = await startServer({ python, dataDir, config: config("another") });
  const { client } = server;
  const params = { runId };
  const unknown = await until("its health", async () => {
    const { healthReason } = await client.getRun({ params });
    return healthReason?.code === "cluster_unknown" ? healthReason : undefined;
  });
  expect(unknown.message).toBe("The cluster gone is no longer configured.");
  await expect(client.deleteRun({ params })).rejects.toThrow(/stop it first/);
  await client.stopRun({ params });
  const ended = await until(
    "its end",
    async () => {
      const run = await client.getRun({ params });
      return run.settledAt === undefined ? undefined : run;
    },
    5,
  );
  expect(ended).toMatchObject({ status: "Failed", statusReason: { code: "cluster_unknown" } });
  expect((await eventsOf(client, runId)).map(({ type }) => type)).toContain("load_may_be_left");
  await client.deleteRun({ params });
  await server.kill("SIGTERM");
  removeFolder(dataDir);
});

describe.each(LOCUSTS)("a server that is killed with -9 during a run, on $name", ({ python }) => {
  let dataDir: string;
  let server: Server;
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop.close());
  beforeEach(async () => {
    dataDir = newFolder();
    server = await startServer({ python, dataDir });
  });
  afterEach(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  const begin = async (durationSeconds: number) => {
    const loadTestId = await defineShop(server.client, shop.url);
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    return { run, loadTestId };
  };

  test("and started again takes over the run, which ends as planned", async () => {
    const { run, loadTestId } = await begin(15);
    await running(server.client, run.id);
    await server.kill("SIGKILL");
    await sleep(3000);
    expect(processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).length).toBe(3);
    server = await startServer({ python, dataDir });
    const ended = await settled(server.client, run.id);
    expect(ended.status).toBe("Finished");
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
    const summary = await server.client.getRunSummary({ params: { runId: run.id } });
    expect([summary.complete, summary.gaps]).toEqual([true, []]);
    const types = (await eventsOf(server.client, run.id)).map(({ type }) => type);
    expect(types).toContain("adopted");
    const loadTest = await server.client.getLoadTest({ params: { loadTestId } });
    expect(loadTest.recentRuns.map(({ id }) => id)).toEqual([run.id]);
  });

  test("leaves no gap in the stream of the run: a reader that resumes gets every second once", async () => {
    const { run } = await begin(15);
    await running(server.client, run.id);
    const read = async (lastEventId: string): Promise<string> => {
      const url = `${server.address}/v1/runs/${run.id}/stream`;
      const answer = await fetch(url, { headers: { "last-event-id": lastEventId } });
      let text = "";
      try {
        for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString("utf8");
      } catch {
        // The server was killed during the stream.
      }
      // An incomplete last event does not count.
      return text.slice(0, text.lastIndexOf("\n\n") + 2);
    };
    const first = read("0");
    await sleep(4000);
    await server.kill("SIGKILL");
    const before = await first;
    await sleep(2500);
    server = await startServer({ python, dataDir });
    const after = await read(
      before
        .match(/^id: (.*)$/gm)
        ?.at(-1)
        ?.slice(4) ?? "",
    );
    const events = `${before}${after}`
      .split("\n\n")
      .filter((part) => part.startsWith("event: "))
      .map((part) => ({
        type: /^event: (.*)$/m.exec(part)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(part)?.[1] ?? "null") as Record<string, unknown>,
      }));
    const samples = events.filter(({ type }) => type === "sample").map(({ data }) => data);
    const seconds = samples.map((data) => Date.parse(String(data["timestamp"])) / 1000);
    const begun = seconds[0] ?? 0;
    expect(seconds).toEqual(Array.from({ length: seconds.length }, (_, at) => begun + at));
    expect(seconds.length).toBeGreaterThanOrEqual(15);
    expect(events.at(-1)).toMatchObject({ type: "end", data: { status: "Finished" } });
    const all = Object.values(shop.counts(run.id)).reduce((sum, { requests }) => sum + requests, 0);
    expect(samples.reduce((sum, data) => sum + Number(data["requests"]), 0)).toBe(all);
    expect(before.split("event: sample").length).toBeGreaterThan(2);
    expect(after.split("event: sample").length).toBeGreaterThan(2);
  });

  test("and started again after the run's deadline: the plugin's timer ended the load, and no request is missing", async () => {
    const { run } = await begin(6);
    await running(server.client, run.id);
    await server.kill("SIGKILL");
    await sleep(9000);
    const before = shop.counts(run.id);
    await sleep(1500);
    expect(shop.counts(run.id)).toEqual(before);
    server = await startServer({ python, dataDir });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    expect(await counted(server.client, run.id)).toEqual(before);
  });

  test("while Locust was being started: the run still ends once, and no process is left", async () => {
    const { run } = await begin(4);
    await until("the first Locust process", () =>
      processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).length > 0 ? true : undefined,
    );
    await server.kill("SIGKILL");
    server = await startServer({ python, dataDir });
    const ended = await settled(server.client, run.id);
    expect(ended.status).toBe("Finished");
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
  });

  test("together with the master: the run is Failed, and its workers end by themselves", async () => {
    const { run } = await begin(60);
    await running(server.client, run.id);
    await server.kill("SIGKILL");
    const master = processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).find(
      ({ role }) => role === "master",
    );
    process.kill(master?.pid ?? 0, "SIGKILL");
    await until(
      "the workers' end",
      () => (processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).length === 0 ? true : undefined),
      10,
    );
    server = await startServer({ python, dataDir });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "master_lost"]);
    expect(ended.summary?.complete).toBe(false);
  });
});

describe("a data folder", () => {
  const python = LOCUSTS[0]?.python ?? "python3";

  test("in use by another server is refused; a killed server leaves no lock", async () => {
    const dataDir = newFolder();
    const first = await startServer({ python, dataDir });
    await expect(startServer({ python, dataDir })).rejects.toThrow(/in use by another/);
    await first.kill("SIGKILL");
    const second = await startServer({ python, dataDir });
    await second.kill("SIGTERM");
    removeFolder(dataDir);
  });

  test("with an impossible path is refused, and the message names the setting", async () => {
    const folder = newFolder();
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(startServer({ python, dataDir: join(file, "data") })).rejects.toThrow(/data/i);
    rmSync(folder, { recursive: true });
  });
});
