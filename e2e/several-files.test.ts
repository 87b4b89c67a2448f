import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  running,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const FOLDER = join(ROOT, "e2e/scripts/project");

/** The project's files, as the API takes them. */
const PROJECT = readdirSync(FOLDER, { recursive: true, encoding: "utf8", withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.parentPath.includes("__pycache__"))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({
    path: path.slice(FOLDER.length + 1),
    content: readFileSync(path).toString("base64"),
    encoding: "base64" as const,
  }));

/** Settings of Locust that would end or change a run if they counted. */
const SETTINGS = [
  { path: "locust.conf", content: "headless = true\nrun-time = 1s\nusers = 50\n" },
  { path: "pyproject.toml", content: "[tool.locust]\nheadless = true\nusers = 50\n" },
];

describe.each(ONE_LOCUST)("a script of several files on $name", ({ python }) => {
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

  test("runs with its package, data and templates, and the totals are equal to the shop's", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url);
    const params = { loadTestId };
    const saved = await client.saveScript({
      params,
      body: { files: [...PROJECT, ...SETTINGS] },
    });
    expect(saved.warnings?.map(({ file }) => file)).toEqual(["locust.conf", "pyproject.toml"]);
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 8 };
    const run = await client.createRun({ params, body });
    expect([run.scriptRevisionId, run.scriptSha256]).toEqual([saved.id, saved.sha256]);
    await running(client, run.id);
    // The run keeps the revision that it was created with.
    await client.saveScript({ params, body: { content: "from locust import HttpUser\n" } });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    const totals = await counted(client, run.id);
    expect(totals).toEqual(shop.counts(run.id));
    expect(Object.keys(totals).toSorted()).toEqual(["GET /products/[id]", "POST /cart"]);
    expect(totals["POST /cart"]?.requests).toBeGreaterThan(20);
    expect(ended.summary).toMatchObject({ maxUsers: 6, complete: true });
    expect((await eventsOf(client, run.id)).map(({ type }) => type)).not.toContain("script_error");

    const folder = join(dataDir, "runs", run.id);
    const files = saved.files.map(({ path }) => join(folder, "script", path));
    expect(files.filter((path) => !existsSync(path))).toEqual([]);
    await client.deleteRun({ params: { runId: run.id } });
    expect(existsSync(folder)).toBe(false);
  });

  test("with an entrypoint in a folder: what it imports is found from the project's folder", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url);
    const files = PROJECT.map((file) =>
      file.path === "locustfile.py" ? { ...file, path: "load/main.py" } : file,
    );
    await client.saveScript({
      params: { loadTestId },
      body: { files, entrypoint: "load/main.py" },
    });
    const body = { targetUsers: 3, spawnRate: 3, durationSeconds: 4 };
    const run = await client.createRun({ params: { loadTestId }, body });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
  });
});
