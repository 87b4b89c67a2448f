import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const script = (name: string) => readFileSync(join(ROOT, "e2e/scripts", name), "utf8");
const SHORT = { targetUsers: 4, spawnRate: 10, durationSeconds: 4 };

describe.each(LOCUSTS)("settings of a run on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("environment: master and workers have the variables, and no value is shown", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, "http://127.0.0.1:1", {
      locustfile: script("settings.py"),
      environment: { STAGE: "test", SHOP_TOKEN: "token-of-the-load-test" },
      autoStop: { enabled: false },
    });
    const body = { ...SHORT, environment: { SHOP_TOKEN: "token-of-the-run" } };
    const run = await client.createRun({ params: { loadTestId }, body });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.environment]).toEqual([
      "Finished",
      { STAGE: "***", SHOP_TOKEN: "***" },
    ]);
    const endpoints = Object.keys(await counted(client, run.id)).toSorted();
    expect(endpoints).toEqual(["GET /test/worker-1", "GET /test/worker-2"]);
    const { items } = await client.listRunFailures({ params: { runId: run.id } });
    expect(items.map(({ error }) => error)).toEqual(Array(2).fill("ValueError('refused: ***')"));
    const events = await eventsOf(client, run.id);
    const told = events.find(({ type }) => type === "listener_failed");
    expect(told?.message).toContain("master of test with ***");
    expect(JSON.stringify([events, items, ended])).not.toContain("token-of");
  });

  test("environment: the end of a log in a reason shows no value", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, "http://127.0.0.1:1", {
      locustfile: "import os\nraise ValueError('bad ' + os.environ['SHOP_TOKEN'])\n",
    });
    const body = { ...SHORT, environment: { SHOP_TOKEN: "token-of-the-run" } };
    const run = await client.createRun({ params: { loadTestId }, body });
    const { status, statusReason } = await settled(client, run.id);
    expect([status, statusReason?.code]).toEqual(["Failed", "locust_exited"]);
    expect(statusReason?.message).toContain("ValueError: bad ***");
    expect(statusReason?.logTail?.join("\n")).toContain("ValueError: bad ***");
    expect(JSON.stringify([statusReason, await eventsOf(client, run.id)])).not.toContain(
      "token-of",
    );
  });
});
