import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTFILE,
  ONE_LOCUST,
  newFolder,
  processesWith,
  removeFolder,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";
import { startIndex } from "./package-index.ts";

const PACKAGES = [
  { name: "lm_words", version: "1.0", module: "WORD = 'one'\n", needs: ["lm_letters"] },
  { name: "lm_words", version: "2.0", module: "WORD = 'two'\n" },
  { name: "lm_letters", version: "0.1", module: "" },
  { name: "lm_clash", version: "1.0", module: "", needs: ["gevent<1"] },
];

/** Imports the package, and Locust as the cluster has it. */
const scriptFor = (word: string): string =>
  `import lm_words, os, sys, locust
assert lm_words.WORD == ${JSON.stringify(word)}, lm_words.WORD
assert not [name for name in os.environ if name.startswith("PIP_")]
${LOCUSTFILE}`;

const BODY = { targetUsers: 4, spawnRate: 4, durationSeconds: 3 };

const CONFIG =
  "locustClusters: [{ id: local, kind: local, maxConcurrentRuns: 2, allowPackages: true }]\n";

const packageEvents = async (client: Server["client"], runId: string) =>
  (await eventsOf(client, runId)).filter(({ type }) => type.startsWith("packages_"));

describe.each(ONE_LOCUST)("the packages of a script on $name", ({ python }) => {
  const dataDir = newFolder();
  const environments = join(dataDir, "environments");
  let index: Awaited<ReturnType<typeof startIndex>>;
  let server: Server;
  let shop: Shop;
  const serve = () =>
    startServer({
      python,
      dataDir,
      config: CONFIG,
      env: { ...index.env, SECRET_OF_SERVER: "hidden-value" },
    });
  const define = async (requirements: string, content: string): Promise<string> => {
    const loadTestId = await defineShop(server.client, shop.url);
    const body = { content, requirements };
    await server.client.saveScript({ params: { loadTestId }, body });
    return loadTestId;
  };
  const start = (loadTestId: string) =>
    server.client.createRun({ params: { loadTestId }, body: BODY });
  const expectFinished = async (runId: string): Promise<void> => {
    const ended = await settled(server.client, runId);
    expect([ended.status, ended.statusReason]).toMatchObject([
      "Finished",
      { code: "duration_reached" },
    ]);
    const totals = await counted(server.client, runId);
    expect(totals).toEqual(shop.counts(runId));
    expect(
      Object.values(totals).reduce((sum, { requests }) => sum + (requests ?? 0), 0),
    ).toBeGreaterThan(5);
  };
  const installing = (runId: string) =>
    until("pip to wait for the index", () => {
      const found = processesWith(`LOAD_MANAGER_RUN_DIR=${join(dataDir, "runs", runId)}`);
      return index.downloads.length > 0 && found.length > 0 ? found : undefined;
    });
  const complete = (): string[] =>
    readdirSync(environments).filter((name) =>
      existsSync(join(environments, name, "complete.json")),
    );

  beforeAll(async () => {
    index = await startIndex(PACKAGES);
    shop = await startShop();
    server = await serve();
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    await index.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("are installed once, from the operator's index; the totals are equal to the shop's", async () => {
    const loadTestId = await define("lm-words<2\nlocust>=2\n", scriptFor("one"));
    const imported = () => server.client.checkScript({ body: { loadTestId } });
    expect(await imported()).toMatchObject({
      imported: false,
      notImportedReason: expect.stringContaining("are not installed yet"),
    });
    const first = await start(loadTestId);
    await expectFinished(first.id);
    const [begun, done] = await packageEvents(server.client, first.id);
    expect(begun).toMatchObject({
      type: "packages_installing",
      message: "Installing 2 packages of requirements.txt.",
    });
    expect(done).toMatchObject({
      type: "packages_installed",
      message: expect.stringMatching(/^Packages installed in [\d.]+ s\.$/),
      data: { installed: ["lm_letters 0.1", "lm_words 1.0"] },
    });
    expect(await imported()).toMatchObject({ ok: true, imported: true });
    const second = await start(loadTestId);
    await expectFinished(second.id);
    expect((await packageEvents(server.client, second.id)).map(({ type }) => type)).toEqual([
      "packages_cached",
    ]);
    expect(index.downloads).toHaveLength(2);
    expect(complete()).toHaveLength(1);
  });

  test("that cannot be installed are the reason of the run, with what pip says", async () => {
    const missing = await start(await define("lm-nowhere==1\n", LOCUSTFILE));
    const ended = await settled(server.client, missing.id);
    expect([ended.status, ended.statusReason]).toMatchObject([
      "Failed",
      {
        code: "packages_not_installed",
        message: expect.stringContaining("No matching distribution found for lm-nowhere==1"),
        logTail: expect.arrayContaining([expect.stringContaining("lm-nowhere")]),
      },
    ]);
    const clash = await start(await define("lm-clash\n", LOCUSTFILE));
    const { statusReason } = await settled(server.client, clash.id);
    expect(statusReason?.code).toBe("packages_not_installed");
    expect(statusReason?.message).toMatch(/lm-clash.* depends on gevent<1.*constraint\) gevent==/);
    expect(statusReason?.message).not.toContain(dataDir);
    for (const { id } of [missing, clash]) {
      const types = (await packageEvents(server.client, id)).map(({ type }) => type);
      expect(types).toEqual(["packages_installing"]);
      const log = readFileSync(join(dataDir, "runs", id, "packages.log"), "utf8");
      expect(log).toContain("Looking in indexes");
      expect(log).not.toContain("word-of-index");
    }
    expect(shop.counts(clash.id)).toEqual({});
    expect(readdirSync(environments)).toEqual(complete());
  });

  test("a stop while they are installed ends that too, and leaves nothing", async () => {
    index.downloads.length = 0;
    index.slow(60_000);
    const run = await start(await define("lm-words==2.0\n# stopped\n", scriptFor("two")));
    const pids = await installing(run.id);
    for (const { pid } of pids) {
      const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      expect(variables.join("\n")).not.toMatch(/hidden-value|LOAD_MANAGER_(?:TOKEN|SECURITY|URL)/);
      expect(variables).toContain(`PIP_INDEX_URL=${index.env.PIP_INDEX_URL}`);
    }
    await server.client.stopRun({ params: { runId: run.id } });
    const ended = await settled(server.client, run.id, 20);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Stopped", "stopped_by_user"]);
    expectNoProcesses(dataDir);
    expect(readdirSync(environments)).toEqual(complete());
  });

  test("a server that is killed while they are installed: the next one waits for them", async () => {
    index.downloads.length = 0;
    index.slow(6000);
    const run = await start(await define("lm-words==2.0\n", scriptFor("two")));
    await installing(run.id);
    await server.kill("SIGKILL");
    server = await serve();
    await expectFinished(run.id);
    const events = (await eventsOf(server.client, run.id)).map(({ type }) => type);
    expect(events.filter((type) => /adopted|packages|workers_late/.test(type)).toSorted()).toEqual([
      "adopted",
      "packages_installed",
      "packages_installing",
    ]);
    expect(index.downloads).toHaveLength(1);
  });

  test("a kill of the server and of pip: the next server installs them again", async () => {
    index.downloads.length = 0;
    index.slow(60_000);
    const requirements = "lm-words==2.0\nlm-letters\n";
    const run = await start(await define(requirements, scriptFor("two")));
    const pids = await installing(run.id);
    await server.kill("SIGKILL");
    for (const { pid } of pids) process.kill(pid, "SIGKILL");
    const before = complete();
    expect(readdirSync(environments).length).toBe(before.length + 1);
    index.slow(0);
    server = await serve();
    await expectFinished(run.id);
    expect(complete().length).toBe(before.length + 1);
  });

  test("of two runs with the same ones at once the second waits; where the first is killed, it installs them itself", async () => {
    const typesOf = async (runId: string) =>
      (await packageEvents(server.client, runId)).map(({ type }) => type).toSorted();
    for (const [isKilled, version, ends] of [
      [false, "0", ["packages_cached", "packages_waiting"]],
      [true, "0.1", ["packages_installed", "packages_installing", "packages_waiting"]],
    ] as const) {
      index.downloads.length = 0;
      const before = complete();
      index.slow(isKilled ? 60_000 : 4000);
      const loadTestId = await define(`lm-words==2.0\nlm-letters>=${version}\n`, scriptFor("two"));
      const first = await start(loadTestId);
      const pids = await installing(first.id);
      index.slow(0);
      const second = await start(loadTestId);
      const waiting = await until("the second to wait", async () =>
        (await packageEvents(server.client, second.id)).at(0),
      );
      expect(waiting).toMatchObject({
        type: "packages_waiting",
        message: "Waiting for another run, which installs the same 2 packages.",
      });
      expect(index.downloads).toHaveLength(1);
      if (isKilled) for (const { pid } of pids) process.kill(pid, "SIGKILL");
      await until("the packages of the second", async () => {
        const types = await typesOf(second.id);
        return types.length === ends.length ? true : undefined;
      });
      expect(await typesOf(second.id)).toEqual(ends);
      for (const { id: runId } of [first, second]) {
        await server.client.stopRun({ params: { runId } });
        await settled(server.client, runId);
      }
      expect(complete().length).toBe(before.length + 1);
    }
  }, 120_000);
});
