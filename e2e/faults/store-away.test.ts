import { setTimeout as sleep } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { afterEach, describe, expect, test } from "vitest";
import { startShop } from "../../examples/shop/shop.ts";
import { startFaultProxy } from "../fault-proxy.ts";
import {
  counted,
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  settled,
  startServer,
  until,
} from "../harness.ts";
import { ALL_FAULTS, note } from "./world.ts";

const MONGO = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];
const python = LOCUSTS[0]?.python ?? "python3";

describe.runIf(MONGO !== undefined)("a MongoDB that is unreachable during a run", () => {
  const uri = MONGO ?? "";
  const closers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  test.each(ALL_FAULTS ? (["silent", "closed"] as const) : (["closed"] as const))(
    "(%s): 503 with Retry-After, not ready but live, and nothing is lost once it is back",
    async (way) => {
      const database = `load_manager_e2e_away_${process.pid}_${way}`;
      const proxy = await startFaultProxy(Number(new URL(uri.replace("mongodb:", "http:")).port));
      closers.push(async () => {
        await proxy.close();
        const client = new MongoClient(uri);
        await client.db(database).dropDatabase();
        await client.close();
      });
      const dataDir = newFolder();
      const shop = await startShop();
      const server = await startServer({
        python,
        dataDir,
        config: `
store: { kind: mongodb }
mongodb: { uri: "mongodb://127.0.0.1:${proxy.port}", database: "${database}" }
`,
      });
      closers.push(async () => {
        await server.kill("SIGTERM");
        await shop.close();
        expectNoProcesses(dataDir);
        removeFolder(dataDir);
      });
      const { client, address } = server;
      const loadTestId = await defineShop(client, shop.url);
      const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 45 };
      const run = await client.createRun({ params: { loadTestId }, body });
      await running(client, run.id);

      proxy.become(way);
      const asked = Date.now();
      const answer = await fetch(`${address}/v1/runs/${run.id}`);
      const detectedMs = Date.now() - asked;
      expect(detectedMs).toBeLessThan(15_000);
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(((await answer.json()) as { detail: string }).detail).toContain("mongodb.uri");
      expect((await fetch(`${address}/livez`)).status).toBe(200);
      const ready = await fetch(`${address}/readyz`);
      expect(ready.status).toBe(503);
      const begun = Object.values(shop.counts(run.id)).length;
      expect(begun).toBeGreaterThan(0);
      await sleep(3000);

      proxy.become("open");
      proxy.reset();
      const back = Date.now();
      await until(
        "readiness",
        async () => ((await fetch(`${address}/readyz`)).ok ? true : undefined),
        30,
      );
      const recoveredMs = Date.now() - back;
      const ended = await settled(client, run.id);
      expect(ended.status).toBe("Finished");
      expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
      const summary = await client.getRunSummary({ params: { runId: run.id } });
      expect([summary.complete, summary.gaps]).toEqual([true, []]);
      note({
        row: 20,
        fault: `the store does not answer (${way})`,
        store: "mongodb",
        detectedMs,
        recoveredMs,
      });
    },
  );
});
