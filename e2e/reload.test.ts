import { writeFileSync } from "node:fs";
import { createClient } from "@load-manager/contract/api/client.ts";
import { expect, test } from "vitest";
import { startShop } from "../examples/shop/shop.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  settled,
  startServer,
  until,
} from "./harness.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const config = (cluster: string, admin: string, callback: string): string => `
locustClusters:
  - { id: ${cluster}, kind: local, workers: 1 }
security:
  apiToken: ${admin}
  locustCallbackToken: ${callback}
`;

test("SIGHUP reloads clusters and tokens; an active run and its metrics go on", async () => {
  const dataDir = newFolder();
  const file = `${dataDir}.yaml`;
  const shop = await startShop();
  const server = await startServer({
    python,
    dataDir,
    config: config("one", "first-administrator", "first-callback"),
  });
  const as = (token: string) => createClient({ baseUrl: server.address, token });
  const [before, after] = [as("first-administrator"), as("second-administrator")];
  const hangUp = async (said: string): Promise<void> => {
    server.child.kill("SIGHUP");
    await until(said, () => (server.output().includes(said) ? true : undefined), 20);
  };
  const loadTestId = await defineShop(before, shop.url);
  const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 100 };
  const { id: runId } = await before.createRun({ params: { loadTestId }, body });
  await running(before, runId);

  writeFileSync(file, "security: { apiToken: short }\n");
  await hangUp("was not reloaded");
  expect(server.output()).toContain("security.apiToken is too short");
  expect((await before.getRun({ params: { runId } })).status).toBe("Running");

  writeFileSync(file, config("two", "second-administrator", "second-callback"));
  await hangUp("Configuration reloaded");
  expect(server.output()).toContain("added: two; removed: one; draining: one");
  await expect(before.getRun({ params: { runId } })).rejects.toThrow(/token/);
  expect((await after.listClusters({ query: {} })).items.map(({ id }) => id)).toEqual(["two"]);
  const requests = async () =>
    (await after.getRunSummary({ params: { runId }, query: {} })).totalRequests ?? 0;
  const then = await requests();
  await until("more metrics", async () => ((await requests()) > then + 10 ? true : undefined), 20);

  await after.stopRun({ params: { runId } });
  const run = await settled(after, runId);
  expect([run.status, run.summary?.complete]).toEqual(["Stopped", true]);
  expect(await requests()).toBe(
    Object.values(shop.counts(runId)).reduce((sum, { requests: count }) => sum + count, 0),
  );
  await server.kill("SIGTERM");
  await shop.close();
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
  removeFolder(file);
});
