import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";
import { config, freePort, post, pressStop, startLocust } from "./attached-locust.ts";
import { type Shop, startShop } from "../examples/shop/shop.ts";

const script = (name: string) => readFileSync(join(ROOT, "e2e/scripts", name), "utf8");
const PLAIN = `from locust import HttpUser, LoadTestShape, constant, task

class Browser(HttpUser):
    wait_time = constant(0.2)

    @task
    def front_page(self):
        self.client.get("/")
`;
const SHAPED = `${PLAIN}

class Endless(LoadTestShape):
    def tick(self):
        return 3, 3
`;
const SHORT = { targetUsers: 4, spawnRate: 10, durationSeconds: 4 };

type Body = NonNullable<Parameters<Client["createRun"]>[0]["body"]>;

/** The endpoints of a run that has ended, once their counts are equal to the shop's. */
const endpointsOf = async (client: Client, shop: Shop, loadTestId: string, body: Body) => {
  const run = await client.createRun({ params: { loadTestId }, body: { ...SHORT, ...body } });
  const ended = await settled(client, run.id);
  expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
  const counts = await counted(client, run.id);
  expect(counts).toEqual(shop.counts(run.id));
  return { run: ended, endpoints: Object.keys(counts).toSorted() };
};

const refusal = async (client: Client, loadTestId: string, body: Body) => {
  const run = await client.createRun({ params: { loadTestId }, body: { ...SHORT, ...body } });
  const { status, statusReason, summary } = await settled(client, run.id);
  expect([status, statusReason?.code, summary?.totalRequests]).toEqual([
    "Failed",
    "setting_refused",
    0,
  ]);
  return [statusReason?.data?.["field"], statusReason?.message];
};

describe.each(ONE_LOCUST)("settings of a run on $name", ({ python }) => {
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

describe.each(ONE_LOCUST)("User classes and tags of a run on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
    const local =
      "locustClusters: [{ id: here, kind: local, workers: 1, maxWorkers: 3, maxConcurrentRuns: 2 }]\n";
    server = await startServer({ python, dataDir, config: local });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("on a local cluster: those of the run, else of the load test; an old run keeps its own", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, {
      locustfile: script("classes.py"),
      userClasses: [{ name: "Reader" }],
      excludeTags: ["slow"],
    });
    const first = await endpointsOf(client, shop, loadTestId, {});
    expect(first.endpoints).toEqual(["GET /"]);
    const userClasses = [
      { name: "Payer", fixedCount: 1 },
      { name: "Buyer", weight: 1 },
    ];
    await client.updateLoadTest({
      params: { loadTestId },
      body: { userClasses, excludeTags: null },
    });
    const second = await endpointsOf(client, shop, loadTestId, {});
    expect(second.endpoints).toEqual(["POST /cart", "POST /checkout"]);
    const last = await client.getRun({ params: { runId: first.run.id } });
    expect([last.userClasses, last.excludeTags]).toEqual([[{ name: "Reader" }], ["slow"]]);
    expect(second.run.userClasses).toEqual(userClasses);
    expect(second.run.excludeTags).toBeUndefined();
  });

  test("workers: as many processes as the run says, more or fewer than its cluster's", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url);
    const { run } = await endpointsOf(client, shop, loadTestId, { workers: 3 });
    expect([run.workers, run.engine?.workers]).toEqual([3, 3]);
    const summary = await client.getRunSummary({ params: { runId: run.id } });
    expect(summary.workers).toEqual({ expected: 3, lost: 0 });
    const other = await endpointsOf(client, shop, loadTestId, {});
    expect([other.run.workers, other.run.engine?.workers]).toEqual([1, 1]);
  });

  test("stopTimeoutSeconds: users finish their task and on_stop after the duration, within it", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, { locustfile: script("slow_tasks.py") });
    const body = { targetUsers: 3, durationSeconds: 3 };
    const [patient, hasty] = await Promise.all([
      endpointsOf(client, shop, loadTestId, { ...body, stopTimeoutSeconds: 5 }),
      endpointsOf(client, shop, loadTestId, { ...body, stopTimeoutSeconds: 0 }),
    ]);
    expect([patient.run.stopTimeoutSeconds, hasty.run.stopTimeoutSeconds]).toEqual([5, 0]);
    const counts = shop.counts(patient.run.id);
    expect(counts["GET /"]).toEqual(counts["GET /products"]);
    expect(counts["POST /cart"]).toEqual({ requests: 3, failures: 0 });
    const cut = shop.counts(hasty.run.id);
    expect(cut["GET /products"]?.requests).toBe((cut["GET /"]?.requests ?? 0) - 3);
    const { loadStartedAt = 0, loadEndedAt = 0, finishedAt = 0 } = patient.run;
    // The stop is issued at the deadline; what users still do comes after it.
    expect(loadEndedAt - loadStartedAt).toBeLessThan(4500);
    expect(finishedAt - loadEndedAt).toBeLessThan(5000 + 4000);
    const types = (await eventsOf(client, patient.run.id)).map(({ type }) => type);
    expect(types).not.toContain("users_cut_off");
  });

  test("on a local cluster: what the script does not have is named, and no load is made", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, { locustfile: script("classes.py") });
    const body = {
      userClasses: [{ name: "Reader" }, { name: "Redaer" }],
      includeTags: ["qiuck"],
      excludeTags: ["payment"],
      loadProfile: { kind: "script" as const },
    };
    const error = await client
      .createRun({ params: { loadTestId }, body })
      .catch((thrown: unknown) => thrown);
    const has = "is a tag that no task of the script has";
    expect(error).toMatchObject({
      status: 400,
      problem: {
        errors: [
          {
            field: "userClasses[1].name",
            message: `is no User class of the script (did you mean "Reader"?); it has Buyer, Payer, Reader`,
          },
          {
            field: "includeTags[0]",
            message: `${has} (did you mean "quick"?); it has quick, slow`,
          },
          { field: "excludeTags[0]", message: `${has}; it has quick, slow` },
          {
            field: "loadProfile",
            message: "cannot be script: the script has no LoadTestShape",
          },
        ],
      },
    });
    expect((await client.listRuns({ query: { loadTestId } })).items).toEqual([]);
  });

  test("on a local cluster: what only the start can see of a script ends the run before any load", async () => {
    const { client } = server;
    const locustfile = `${script("classes.py")}
import os
if "LOAD_MANAGER_ROLE" not in os.environ:
    raise RuntimeError("only in a run")
`;
    const loadTestId = await defineShop(client, shop.url, { locustfile });
    expect(
      await refusal(client, loadTestId, { userClasses: [{ name: "Reader" }, { name: "Redaer" }] }),
    ).toEqual([
      "userClasses[1].name",
      "The script has no User class Redaer; it has Buyer, Payer, Reader.",
    ]);
    const [field, message] = await refusal(client, loadTestId, { includeTags: ["qiuck"] });
    expect([field, message]).toEqual([
      "includeTags[0]",
      "No task of the run's User classes has the tag qiuck; there is quick, slow.",
    ]);
  });
});

describe.each(ONE_LOCUST)("settings of a run on an attached cluster, on $name", ({ python }) => {
  const startAttached = async (plugin: boolean, locustfile = script("classes.py")) => {
    const folder = newFolder();
    const shop = await startShop();
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const locust = await startLocust({
      python,
      folder,
      plugin,
      serverUrl,
      script: locustfile,
    });
    const dataDir = join(folder, "data");
    mkdirSync(dataDir, { recursive: true });
    const server = await startServer({ python, dataDir, config: config(locust.baseUrl), port });
    const loadTestId = await defineShop(server.client, shop.url);
    const stop = async () => {
      await server.kill("SIGTERM");
      await locust.stop();
      await shop.close();
      removeFolder(folder);
    };
    return { shop, locust, client: server.client, loadTestId, stop };
  };

  test("with the plugin: each run has its own, and load that is started there later has all", async () => {
    const { shop, locust, client, loadTestId, stop } = await startAttached(true);
    try {
      const one = { userClasses: [{ name: "Payer", weight: 2 }], targetUsers: 2 };
      const first = await endpointsOf(client, shop, loadTestId, one);
      expect(first.endpoints).toEqual(["POST /checkout"]);
      const second = await endpointsOf(client, shop, loadTestId, { includeTags: ["quick"] });
      expect(second.endpoints).toEqual(["GET /", "POST /cart"]);
      const [field] = await refusal(client, loadTestId, { userClasses: [{ name: "Nobody" }] });
      expect(field).toBe("userClasses[0].name");
      const form = { user_count: "4", spawn_rate: "10", host: shop.url };
      await post(`${locust.baseUrl}/swarm`, form);
      const external = await until("an external run with all endpoints", async () => {
        const { items } = await client.listRuns();
        const run = items.find(({ trigger }) => trigger === "external");
        if (run === undefined) return undefined;
        const names = Object.keys(await counted(client, run.id)).toSorted();
        return names.length === 3 ? { run, names } : undefined;
      });
      expect(external.names).toEqual(["GET /", "GET /products", "POST /cart"]);
      await pressStop(locust.baseUrl);
      await settled(client, external.run.id);
    } finally {
      await stop();
    }
  });

  test("without the plugin: each setting is a 400 with its name", async () => {
    const { client, loadTestId, stop } = await startAttached(false);
    try {
      for (const body of [
        { userClasses: [{ name: "Reader" }] },
        { includeTags: ["quick"] },
        { excludeTags: ["slow"] },
        { scriptOptions: { page: 2 } },
        { endpointGroups: [{ pattern: "/products/*" }] },
        { environment: { A: "b" } },
        { workers: 2 },
        { stopTimeoutSeconds: 10 },
        { loadProfile: { kind: "script" as const } },
        { loadProfile: { kind: "stages" as const, stages: [{ durationSeconds: 3, users: 1 }] } },
      ]) {
        const [field = ""] = Object.keys(body);
        const error = await client
          .createRun({ params: { loadTestId }, body })
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ status: 400, problem: { errors: [{ field }] } });
      }
      const patient = { params: { loadTestId }, body: { stopTimeoutSeconds: 5 } };
      await client.updateLoadTest(patient);
      const error = await client.createRun({ params: { loadTestId } }).catch((e: unknown) => e);
      const errors = [{ field: "stopTimeoutSeconds" }];
      expect(error).toMatchObject({ status: 400, problem: { errors } });
      expect((await client.listRuns()).items).toEqual([]);
    } finally {
      await stop();
    }
  });

  test("without the plugin: a stop timeout that nobody has set is no refusal, and the run claims none", async () => {
    const { client, loadTestId, stop } = await startAttached(false, PLAIN);
    try {
      const { id } = await client.createRun({ params: { loadTestId }, body: SHORT });
      const { status, stopTimeoutSeconds } = await settled(client, id);
      expect([status, stopTimeoutSeconds]).toEqual(["Finished", undefined]);
    } finally {
      await stop();
    }
  });

  test("without the plugin: a shape of the script is stopped at once, and the run is Failed", async () => {
    const { client, loadTestId, shop, locust, stop } = await startAttached(false, SHAPED);
    try {
      const [field, message] = await refusal(client, loadTestId, {});
      expect(field).toBe("loadProfile");
      expect(message).toMatch(/the LoadTestShape Endless, .* without the plugin|a LoadTestShape,/);
      const answer = await fetch(`${locust.baseUrl}/stats/requests`);
      expect(await answer.json()).toMatchObject({ user_count: 0 });
      const before = shop.counts();
      await sleep(2500);
      expect(shop.counts()).toEqual(before);
    } finally {
      await stop();
    }
  });
});
