import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { config, freePort, startLocust } from "./attached-locust.ts";
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
import { type Shop, startShop } from "../examples/shop/shop.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/options.py"), "utf8");
/** Doubles its option, which it cannot do without, while Locust starts. */
const NEEDS_SIZE = `
from locust import HttpUser, constant, events, task

def double(text):
    return 2 * int(text)

@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--size", type=double, required=True)

@events.init.add_listener
def on_init(environment, **_):
    Visitor.path = "/size-%s" % environment.parsed_options.size

class Visitor(HttpUser):
    wait_time = constant(0.05)

    def on_start(self):
        self.client.headers["X-Load-Manager-Run"] = self.environment.load_manager_run_id

    @task
    def product(self):
        self.client.get("/products/1", name=self.path)
`;
const SHORT = { targetUsers: 4, spawnRate: 10, durationSeconds: 3 };
const KEY = "key-of-the-shop";

type Options = NonNullable<
  NonNullable<Parameters<Client["createRun"]>[0]["body"]>["scriptOptions"]
>;

/** A run that has ended: the one name of its requests, once their number is the shop's. */
const visited = async (
  client: Client,
  shop: Shop,
  loadTestId: string,
  scriptOptions?: Options,
  during: (runId: string) => Promise<void> = async () => {},
) => {
  const body = { ...SHORT, ...(scriptOptions === undefined ? {} : { scriptOptions }) };
  const created = await client.createRun({ params: { loadTestId }, body });
  await during(created.id);
  const run = await settled(client, created.id);
  expect([run.status, run.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
  const counts = await counted(client, run.id);
  const [name = "", ...more] = Object.keys(counts);
  const requests = counts[name];
  expect(more).toEqual([]);
  expect(shop.counts(run.id)).toEqual({
    "GET /products/[id]": { requests: requests?.requests, failures: 0 },
  });
  return { run, name, failures: requests?.failures };
};

/** The page of the run's Locust itself. */
const ownPage = (dataDir: string, runId: string): Promise<string> =>
  until("Locust's own page", async () => {
    try {
      const master = readFileSync(join(dataDir, "runs", runId, "master.json"), "utf8");
      const { webPort } = JSON.parse(master) as { webPort?: number };
      const answer = await fetch(`http://127.0.0.1:${webPort}/`);
      return answer.ok ? await answer.text() : undefined;
    } catch {
      return undefined;
    }
  });

/** Everything that answers say of a run. */
const toldOf = async (client: Client, runId: string): Promise<string> =>
  JSON.stringify([
    await client.getRun({ params: { runId } }),
    await client.listRunFailures({ params: { runId } }),
    await eventsOf(client, runId),
  ]);

describe.each(ONE_LOCUST)("options of a script on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("on a local cluster: text, number, flag, choice, list and secret, from init on", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, {
      locustfile: SCRIPT,
      scriptOptions: { category: "toys", page: 2, api_key: KEY },
      autoStop: { enabled: false },
    });
    const saved = await client.getLoadTest({ params: { loadTestId } });
    expect(saved.scriptOptions).toEqual({ category: "toys", page: 2, api_key: "***" });
    const options = { page: 4, complain: true, kind: "used", words: ["a", "b"] };
    const first = await visited(client, shop, loadTestId, options, async (runId) => {
      const page = await ownPage(dataDir, runId);
      expect(page).toContain("toys");
      expect(page).not.toContain(KEY);
    });
    expect(first.name).toBe("GET /toys/toys/5/used/a+b/key");
    expect(first.failures).toBeGreaterThan(0);
    expect(first.run.scriptOptions).toMatchObject({ category: "toys", page: 4, api_key: "***" });
    const told = await toldOf(client, first.run.id);
    expect(told).toContain("no right with ***");
    expect(told).not.toContain(KEY);
    await client.updateLoadTest({ params: { loadTestId }, body: { scriptOptions: null } });
    const second = await visited(client, shop, loadTestId);
    expect([second.name, second.failures]).toEqual(["GET /books/books/2/new//no-key", 0]);
    expect((await client.getRun({ params: { runId: first.run.id } })).scriptOptions).toEqual(
      first.run.scriptOptions,
    );
  });

  test("on a local cluster: an option that the script needs, with a function of its own", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, { locustfile: NEEDS_SIZE });
    const given = await visited(client, shop, loadTestId, { size: "10" });
    expect(given.name).toBe("GET /size-20");
    const body = { ...SHORT, scriptOptions: { size: "eleven" } };
    const run = await client.createRun({ params: { loadTestId }, body });
    const { status, statusReason, summary } = await settled(client, run.id);
    expect([status, statusReason?.code, summary?.totalRequests]).toEqual([
      "Failed",
      "setting_refused",
      0,
    ]);
    expect(statusReason?.message).toContain("scriptOptions.size was refused by the script's own");
    await client
      .createRun({ params: { loadTestId }, body: { ...SHORT, scriptOptions: { word: "x" } } })
      .then(
        () => expect.unreachable(),
        (error: unknown) =>
          expect(error).toMatchObject({
            status: 400,
            problem: {
              errors: [
                { field: "scriptOptions.word", message: expect.stringContaining("it adds size") },
                { field: "scriptOptions.size", message: "is required by the script" },
              ],
            },
          }),
      );
  });

  test("on an attached cluster: each run has its own, and the script's rules hold", async () => {
    const folder = newFolder();
    const port = await freePort();
    const locust = await startLocust({
      python,
      folder,
      plugin: true,
      serverUrl: `http://127.0.0.1:${port}`,
      script: SCRIPT,
    });
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    const attached = await startServer({
      python,
      dataDir: data,
      config: config(locust.baseUrl),
      port,
    });
    try {
      const { client } = attached;
      const loadTestId = await defineShop(client, shop.url, { autoStop: { enabled: false } });
      const given = { category: "toys", page: 7, complain: true, api_key: KEY };
      const first = await visited(client, shop, loadTestId, given);
      expect(first.name).toBe("GET /books/toys/8/new//key");
      expect(first.run.scriptOptions).toEqual({
        category: "***",
        page: "***",
        complain: "***",
        api_key: "***",
      });
      const told = await toldOf(client, first.run.id);
      expect(told).toContain("no right with ***");
      expect(told).not.toContain(KEY);
      const second = await visited(client, shop, loadTestId);
      expect([second.name, second.failures]).toEqual(["GET /books/books/2/new//no-key", 0]);
      for (const [name, value, message] of [
        ["page", "many", "scriptOptions.page was refused by the script's own rules"],
        ["kind", "old", "scriptOptions.kind was refused by the script's own rules"],
        ["complain", "yes", "scriptOptions.complain must be true or false."],
        ["categry", "x", "scriptOptions.categry is no option that the script adds; it has api_key"],
      ] as const) {
        const body = { ...SHORT, scriptOptions: { [name]: value } };
        const run = await client.createRun({ params: { loadTestId }, body });
        const { status, statusReason } = await settled(client, run.id);
        expect([status, statusReason?.code]).toEqual(["Failed", "setting_refused"]);
        expect(statusReason?.data?.["field"]).toBe(`scriptOptions.${name}`);
        expect(statusReason?.message).toContain(message);
      }
    } finally {
      await attached.kill("SIGTERM");
      await locust.stop();
      removeFolder(folder);
    }
  });
});
