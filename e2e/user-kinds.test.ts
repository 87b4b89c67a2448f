import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { config, freePort, workersReady } from "./attached-locust.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTFILE,
  LOCUSTS,
  newFolder,
  ONE_LOCUST,
  PLUGIN,
  removeFolder,
  ROOT,
  SCOPE,
  type Server,
  settled,
  start,
  startServer,
} from "./harness.ts";
import { countsOf, readOracle } from "./truth/oracle.ts";
import { type Shop, startShop } from "../examples/shop/shop.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/user_kinds.py"), "utf8");
const [USERS, SECONDS] = [24, 5];
/** Users of each of the twelve kinds at most: of eleven on a Locust without `rest`. */
const OF_A_KIND = 3;

const whole = async (client: Client, loadTestId: string) => {
  const body = { targetUsers: USERS, spawnRate: 50, durationSeconds: SECONDS };
  const created = await client.createRun({ params: { loadTestId }, body });
  const run = await settled(client, created.id);
  expect([run.status, run.statusReason?.code, run.health]).toEqual([
    "Finished",
    "duration_reached",
    "ok",
  ]);
  return { run, counts: await counted(client, run.id) };
};

type Counts = Awaited<ReturnType<typeof counted>>;

const requestsOf = (counts: Counts, ...names: string[]): number =>
  names.reduce((sum, name) => sum + (counts[name]?.requests ?? 0), 0);

describe.each(ONE_LOCUST)("kinds of users on $name", ({ name, python }) => {
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

  test("all are counted as the script wrote them down, and as the shop answered", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, {
      locustfile: SCRIPT,
      autoStop: { enabled: false },
    });
    const { run, counts } = await whole(client, loadTestId);
    const written = readOracle(join(dataDir, "runs", run.id, "script"));
    expect(counts).toEqual(countsOf(written));
    const of = shop.counts(run.id);
    const answered = (endpoint: string) => of[endpoint]?.requests ?? 0;
    expect(requestsOf(counts, "GET fast")).toBe(answered("GET /products/[id]"));
    expect(requestsOf(counts, "GET by-hand-failure")).toBe(answered("GET /products"));
    expect(requestsOf(counts, "GET by-hand-usual")).toBe(answered("GET /"));
    expect(requestsOf(counts, "POST rest", "POST rest-wrong")).toBe(answered("POST /cart"));

    // What fails by hand, by an assertion, or with the target, and what does not.
    for (const [endpoint, all] of [
      ["GET fast", false],
      ["GET fast-404", true],
      ["GET by-hand-failure", true],
      ["GET by-hand-success", false],
      ...(name === "Locust 2.12.1"
        ? []
        : ([
            ["POST rest", false],
            ["POST rest-wrong", true],
          ] as const)),
    ] as const) {
      const requests = requestsOf(counts, endpoint);
      const failures = counts[endpoint]?.failures;
      expect([endpoint, requests > 5, failures]).toEqual([endpoint, true, all ? requests : 0]);
    }
    const grpc = counts["grpc /shop.Products/Get"];
    expect(grpc?.failures).toBeGreaterThan(5);
    expect(grpc?.failures).toBeLessThan((grpc?.requests ?? 0) / 2);
    expect(requestsOf(counts, "WSR ticker")).toBeGreaterThan(requestsOf(counts, "WSS order"));

    // Each step once for each user and round; the last round may be incomplete.
    const steps = ["SEQ 1", "SEQ 2", "SEQ 3"].map((step) => requestsOf(counts, step));
    expect(steps).toEqual(steps.toSorted((a, b) => b - a));
    expect((steps[0] ?? 0) - (steps[2] ?? 0)).toBeLessThanOrEqual(OF_A_KIND);
    expect(steps[2]).toBeGreaterThan(10);
    for (const step of ["look", "leave", "open", "walk"]) {
      expect([step, requestsOf(counts, `NEST ${step}`) > 0]).toEqual([step, true]);
    }
    // 5 a second, and 2 a second, for each user, whose tasks take a part of the time.
    for (const [endpoint, rate] of [
      ["PACE throughput", 5],
      ["PACE pacing", 2],
    ] as const) {
      const requests = requestsOf(counts, endpoint);
      expect(requests).toBeLessThanOrEqual(OF_A_KIND * (rate * SECONDS + 2));
      expect(requests).toBeGreaterThan(rate * SECONDS);
    }
    // Once in each worker; `bye` once for each user.
    expect(counts["EVENT test_start"]).toEqual({ requests: 2, failures: 0 });
    expect(counts["EVENT test_stop"]).toEqual({ requests: 2, failures: 0 });
    const users = requestsOf(counts, "WSS bye");
    expect(users === 2 || users === OF_A_KIND).toBe(true);
    // A listener that ends the user ends the event for all listeners after it.
    const { requests: made, failures: left } = counts["LEAVE leaver"] ?? {};
    expect([made, left === 2 || left === OF_A_KIND]).toEqual([4 * (left ?? 0), true]);
    const types = (await eventsOf(client, run.id)).map(({ type }) => type);
    expect(types).toContain("users_left");
    expect(types).not.toContain("script_error");
    expect(types).not.toContain("listener_failed");
  });
});

/** 2.19 and newer have the option. */
describe.each(LOCUSTS.filter(({ name }) => name !== "Locust 2.12.1"))(
  "an attached Locust with --processes, $name",
  ({ python }) => {
    test("its forked workers are counted whole, run after run", async () => {
      const folder = newFolder();
      const shop = await startShop();
      const [port, web, master] = [await freePort(), await freePort(), await freePort()];
      const script = join(folder, "locustfile.py");
      writeFileSync(script, LOCUSTFILE);
      const baseUrl = `http://127.0.0.1:${web}`;
      const args = ["-m", "load_manager_locust", "-f", script, "--processes", "2"];
      const ports = ["--web-host", "127.0.0.1", "--web-port", `${web}`];
      const bind = ["--master-bind-port", `${master}`, "--master-port", `${master}`];
      const locust = start(python, [...args, ...ports, ...bind], {
        PYTHONPATH: PLUGIN,
        PYTHONDONTWRITEBYTECODE: "1",
        LOAD_MANAGER_TOKEN: "callback-token",
        LOAD_MANAGER_ACCOUNT_ID: SCOPE.accountId,
        LOAD_MANAGER_ORG_ID: SCOPE.orgId,
        LOAD_MANAGER_PROJECT_ID: SCOPE.projectId,
        LOAD_MANAGER_URL: `http://127.0.0.1:${port}`,
      });
      const dataDir = join(folder, "data");
      mkdirSync(dataDir);
      try {
        await workersReady(baseUrl);
        const server = await startServer({ python, dataDir, config: config(baseUrl), port });
        try {
          const loadTestId = await defineShop(server.client, shop.url);
          for (const _ of [1, 2]) {
            const { run, counts } = await whole(server.client, loadTestId);
            expect(run.engine?.workers).toBe(2);
            expect(counts).toEqual(shop.counts(run.id));
            const params = { runId: run.id };
            const { complete, workers } = await server.client.getRunSummary({ params });
            expect([complete, workers]).toEqual([true, { expected: 2, lost: 0 }]);
          }
        } finally {
          await server.kill("SIGTERM");
        }
      } finally {
        locust.child.kill("SIGTERM");
        await locust.ended;
        await shop.close();
        removeFolder(folder);
      }
    });
  },
);
