import { MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../../examples/shop/shop.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  type Server,
  settled,
  startServer,
  until,
} from "../harness.ts";
import { ALL_FAULTS, note } from "./world.ts";

const MONGO = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];
const python = LOCUSTS[0]?.python ?? "python3";
let databases = 0;

describe.runIf(MONGO !== undefined)("two servers on one MongoDB", () => {
  const uri = MONGO ?? "";
  let database: string;
  let dataDir: string;
  let servers: Server[];
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop.close());

  const open = () =>
    startServer({
      python,
      dataDir,
      config: `
store: { kind: mongodb }
mongodb: { uri: "${uri}", database: "${database}" }
`,
    });
  beforeEach(async () => {
    database = `load_manager_e2e_${process.pid}_${(databases += 1)}`;
    dataDir = newFolder();
    servers = [await open(), await open()];
  });
  afterEach(async () => {
    for (const server of servers) await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
    const client = new MongoClient(uri);
    await client.db(database).dropDatabase();
    await client.close();
  });

  const server = (index: number): Server => {
    const one = servers[index];
    if (one === undefined) throw new Error(`there is no server ${index}`);
    return one;
  };
  const begin = async (durationSeconds: number) => {
    const { client } = server(0);
    const loadTestId = await defineShop(client, shop.url);
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds };
    const run = await client.createRun({ params: { loadTestId }, body });
    await running(client, run.id);
    const holder = await holderOf(run.id);
    return { run, loadTestId, holder };
  };
  /** The server that manages the run, by the lease of its slot. */
  const holderOf = async (runId: string): Promise<{ mine: Server; other: Server }> => {
    const client = new MongoClient(uri);
    const lease = await client.db(database).collection("leases").findOne({ runId });
    await client.close();
    const health = await Promise.all(servers.map((one) => one.client.getHealth()));
    const mine = health.findIndex((one) => one.server.id === lease?.["holder"]);
    return { mine: server(mine), other: server(1 - mine) };
  };

  test("one is killed: the other takes over the run within 20 s, and the run ends as planned", async () => {
    const { run, loadTestId, holder } = await begin(30);
    await holder.mine.kill("SIGKILL");
    const killed = Date.now();
    const { client } = holder.other;
    await until("the take-over", async () =>
      (await eventsOf(client, run.id)).find(({ type }) => type === "adopted"),
    );
    const recoveredMs = Date.now() - killed;
    expect(recoveredMs).toBeLessThan(20_000);
    const ended = await settled(client, run.id);
    expect(ended.status).toBe("Finished");
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
    const summary = await client.getRunSummary({ params: { runId: run.id } });
    expect([summary.complete, summary.gaps]).toEqual([true, []]);
    const { recentRuns } = await client.getLoadTest({ params: { loadTestId } });
    expect(recentRuns.map(({ id }) => id)).toEqual([run.id]);
    note({
      row: 8,
      fault: "two servers, the one that manages the run is killed",
      store: "mongodb",
      recoveredMs,
    });
  });

  test("one is ended: the other takes over the run within 5 s, without a gap in the samples", async () => {
    const { run, holder } = await begin(20);
    const asked = Date.now();
    await holder.mine.kill("SIGTERM");
    const { client } = holder.other;
    await until("the take-over", async () =>
      (await eventsOf(client, run.id)).find(({ type }) => type === "adopted"),
    );
    const recoveredMs = Date.now() - asked;
    expect(recoveredMs).toBeLessThan(5000);
    const ended = await settled(client, run.id);
    expect(ended.status).toBe("Finished");
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
    const { items } = {
      items: (await client.getRunGraph({ params: { runId: run.id } })).dataPoints,
    };
    expect(items.length).toBeGreaterThanOrEqual(18);
    note({
      row: 8,
      fault: "two servers, the one that manages the run is ended (SIGTERM)",
      store: "mongodb",
      recoveredMs,
    });
  });

  test.each(ALL_FAULTS ? ["SIGSTOP"] : [])(
    "(%s) one sleeps until the other has taken over the run, and does not act on it when it wakes",
    async () => {
      const { run, holder } = await begin(40);
      holder.mine.child.kill("SIGSTOP");
      const slept = Date.now();
      const { client } = holder.other;
      await until("the take-over", async () =>
        (await eventsOf(client, run.id)).find(({ type }) => type === "adopted"),
      );
      const recoveredMs = Date.now() - slept;
      holder.mine.child.kill("SIGCONT");
      const ended = await settled(client, run.id);
      expect(ended.status).toBe("Finished");
      expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
      const events = await eventsOf(client, run.id);
      expect(events.filter(({ type }) => type === "adopted")).toHaveLength(1);
      expect((await holder.mine.client.getRun({ params: { runId: run.id } })).status).toBe(
        "Finished",
      );
      note({
        row: 9,
        fault: "the server of the run sleeps (SIGSTOP) until the other has taken it over",
        store: "mongodb",
        recoveredMs,
      });
    },
  );

  test("queued runs of one cluster start once each, first in, first out", async () => {
    const loadTestId = await defineShop(server(0).client, shop.url);
    const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 4 };
    const runs: { id: string }[] = [];
    for (const index of [0, 1, 0, 1]) {
      runs.push(await server(index).client.createRun({ params: { loadTestId }, body }));
    }
    const { client } = server(1);
    const ended = [];
    for (const { id } of runs) ended.push(await settled(client, id, 120));
    expect(ended.map(({ status }) => status)).toEqual(runs.map(() => "Finished"));
    for (const [index, { startingAt = 0 }] of ended.entries()) {
      expect(startingAt).toBeGreaterThan(ended[index - 1]?.finishedAt ?? 0);
    }
    for (const { id } of runs) {
      expect(await counted(client, id)).toEqual(shop.counts(id));
      const statuses = (await eventsOf(client, id)).filter(({ type }) => type === "status");
      expect(statuses.map(({ data }) => data?.["to"])).toEqual([
        "Pending",
        "Starting",
        "Running",
        "Stopping",
        "Finished",
      ]);
    }
  });
});
