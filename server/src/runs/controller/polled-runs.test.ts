import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { createAttached } from "../../clusters/attached/attached.ts";
import { createRegistry } from "../../clusters/registry.ts";
import type { Clusters } from "../../clusters/port.ts";
import { NO_CAPABILITIES } from "../domain/capabilities.ts";
import { handleTestStop, updateMetrics } from "../commands/locust-callbacks.ts";
import { createRunMetrics } from "../../metrics/run-metrics.ts";
import { changeLoad } from "../commands/change-load.ts";
import { registerExternalTestRun } from "../commands/external-runs.ts";
import { stopTestRun } from "../commands/stop.ts";
import { createWorld } from "../testing/simulation/world.ts";
import { reconcileRun, type RunMemory } from "./reconcile-run.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The pages of a Locust without the plugin that the server reads; the test sets state and counts. */
const locust = async () => {
  const seen = { state: "ready", requests: 0, users: 0, silent: false, asked: [] as string[] };
  const pages: Record<string, () => string> = {
    "/": () => `<body class="${seen.state}">`,
    "/stats/requests": () =>
      JSON.stringify({
        state: seen.state,
        user_count: seen.users,
        stats: [{ method: "", name: "Aggregated", num_requests: seen.requests, num_failures: 0 }],
        workers: [{ id: "w", state: seen.state }],
      }),
    "/swarm": () => {
      seen.state = "running";
      return JSON.stringify({ success: true, message: "Swarming started" });
    },
    "/stop": () => {
      Object.assign(seen, { state: "stopped", users: 0 });
      return JSON.stringify({ success: true, message: "Test stopped" });
    },
  };
  const server = createServer((request, response) => {
    const { url = "" } = request;
    if (url === "/swarm" || url === "/stop") seen.asked.push(url);
    if (seen.silent) {
      request.destroy();
      return;
    }
    const page = pages[url];
    request.resume().on("end", () => {
      if (page === undefined) response.writeHead(404).end("{}");
      else response.end(page());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  return { seen, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** The clusters of a server that has just started with this one configured. */
const serverAt = (baseUrl: string): Clusters =>
  createRegistry(
    (config) => {
      if (config.kind !== "attached") throw new Error("only attached clusters here");
      return createAttached(config, {
        callbackTokens: () => [],
        callbackUrls: () => [],
        runAddress: () => ({}),
        clock: systemClock,
      });
    },
    [{ id: "sim", kind: "attached", scope: {}, maxConcurrentRuns: 1, baseUrl }],
  );
const world = () => createWorld({ kind: "attached", plugin: false, servers: 1, hosts: 1, runs: 1 });

/** A Running run with 50 requests. `prepare`: what is done before the server looks for the first time. */
const running = async (
  prepare: (
    deps: ReturnType<Awaited<ReturnType<typeof world>>["calm"]>,
    id: string,
  ) => unknown = () => {},
  realMetrics = false,
) => {
  const it = await world();
  const { seen, baseUrl } = await locust();
  const clusters = serverAt(baseUrl);
  const retention = { secondsDays: 14, tenSecondsDays: 90 };
  const clock = { now: it.now, monotonic: it.now, wall: it.now };
  const metrics = createRunMetrics({ ...it.base, shared: false, clock, retention });
  const deps = it.calm({ clusters, ...(realMetrics ? { metrics } : {}) });
  const { id, version } = await it.create();
  const at = it.now();
  const starting = { status: "Starting", startingAt: at, slot: 0, engine: { workers: 1 } } as const;
  await it.base.runs.update(
    id,
    { version },
    { ...starting, startSent: { at, baseUrl, capabilities: NO_CAPABILITIES } },
  );
  Object.assign(seen, { state: "running", requests: 50, users: 5 });
  await prepare(deps, id);
  const memory: RunMemory = {};
  const pass = async (passes = 1): Promise<LoadTestRun | undefined> => {
    for (let left = passes; left > 0; left -= 1) {
      it.advance(1000);
      await reconcileRun(deps, id, memory);
    }
    return it.base.runs.get(id);
  };
  expect((await pass())?.status).toBe("Running");
  return { it, id, deps, seen, pass, baseUrl };
};

describe("a run on a Locust without the plugin", () => {
  test("whose master was restarted is Failed as master_restarted, not Stopped", async () => {
    const { seen, pass } = await running();
    Object.assign(seen, { state: "ready", requests: 0, users: 0 });
    const run = await pass(3);
    expect([run?.status, run?.statusReason?.code]).toEqual(["Failed", "master_restarted"]);
  });

  test("whose master was restarted has incomplete figures: what was counted since the last look is lost", async () => {
    const { seen, pass } = await running(() => {}, true);
    Object.assign(seen, { state: "ready", requests: 0, users: 0 });
    const run = await pass(20);
    expect(run?.summary).toMatchObject({ totalRequests: 50, complete: false });
  });

  test("and with posted totals is not settled before its final totals are there; later ones count too", async () => {
    const totals = (numRequests: number) => ({
      totalRequests: numRequests,
      totalFailures: 0,
      currentUsers: 5,
      requestStats: { "GET /a": { method: "GET", name: "/a", numRequests, numFailures: 0 } },
    });
    const post = async (deps: Parameters<typeof handleTestStop>[0], id: string): Promise<void> => {
      const run = await deps.runs.get(id);
      if (run !== undefined) await updateMetrics(deps, run, totals(40), { reporter: "10.0.0.1" });
    };
    const stopWith = async (of: Awaited<ReturnType<typeof running>>, requests: number) => {
      const run = await of.deps.runs.get(of.id);
      if (run === undefined) throw new Error("the run is gone");
      const report = { finalMetrics: totals(requests), reporter: "10.0.0.1" };
      return handleTestStop(of.deps, run, report, TESTER);
    };
    const [inTime, late] = [await running(post, true), await running(post, true)];
    for (const { seen } of [inTime, late]) Object.assign(seen, { state: "stopped", users: 0 });
    expect((await inTime.pass(10))?.status).toBe("Stopping");
    await stopWith(inTime, 58);
    const run = await inTime.pass(3);
    expect(run?.settledAt).toEqual(expect.any(Number));
    expect(run?.summary).toMatchObject({ totalRequests: 58, complete: true });

    // Locust's page has the last word meanwhile.
    expect((await late.pass(30))?.summary).toMatchObject({ totalRequests: 50, complete: false });
    await stopWith(late, 58);
    expect((await late.deps.runs.get(late.id))?.summary).toMatchObject({
      totalRequests: 58,
      complete: true,
    });
    expect(await stopWith(late, 58)).toMatch("not counted");
    // A worker's end may come before the master's, which has more.
    await stopWith(late, 99);
    expect((await late.deps.runs.get(late.id))?.summary?.totalRequests).toBe(99);
  });

  test("and with several posters is not over because one of them has ended while the page is silent for a moment", async () => {
    const totals = (numRequests: number) => ({
      totalRequests: numRequests,
      totalFailures: 0,
      currentUsers: 5,
      requestStats: { "GET /a": { method: "GET", name: "/a", numRequests, numFailures: 0 } },
    });
    const { deps, id, seen, pass } = await running(async (given, runId) => {
      const run = await given.runs.get(runId);
      if (run === undefined) throw new Error("the run is gone");
      for (const [requests, reporter] of [
        [40, "10.0.0.1"],
        [20, "10.0.0.2"],
      ] as const)
        await updateMetrics(given, run, totals(requests), { reporter });
    }, true);
    const run = await deps.runs.get(id);
    if (run === undefined) throw new Error("the run is gone");
    const stop = (requests: number, reporter: string) =>
      handleTestStop(deps, run, { finalMetrics: totals(requests), reporter }, TESTER);
    await stop(25, "10.0.0.2");
    seen.silent = true;
    expect((await pass(3))?.status).toBe("Stopping");
    Object.assign(seen, { silent: false, state: "stopped", users: 0, requests: 58 });
    await stop(58, "10.0.0.1");
    const ended = await pass(10);
    expect([ended?.status, ended?.summary?.totalRequests]).toEqual(["Stopped", 58]);
  });

  test("that waits for its final metrics does not stop load that another user starts meanwhile", async () => {
    const { id, deps, seen, pass } = await running();
    await stopTestRun(deps, id, undefined, TESTER);
    await pass(2);
    expect(seen).toMatchObject({ state: "stopped", asked: ["/stop"] });
    Object.assign(seen, { state: "running", requests: 3, users: 1 });
    const run = await pass(20);
    expect([run?.status, seen.asked]).toEqual(["Stopped", ["/stop"]]);
    expect(run?.settledAt).toBeDefined();
  });

  test("gets its users again from the next server when they were changed back before the first one died", async () => {
    const { it, id, deps, seen, pass, baseUrl } = await running();
    await changeLoad(deps, id, { targetUsers: 9 }, TESTER);
    await pass();
    expect(seen.asked).toEqual(["/swarm"]);
    await changeLoad(deps, id, { targetUsers: 5 }, TESTER);
    it.advance(1000);
    await reconcileRun(it.calm({ clusters: serverAt(baseUrl) }), id, {});
    expect(seen.asked).toEqual(["/swarm", "/swarm"]);
  });

  test("stays at its address when the configuration has another one after a restart", async () => {
    const { it, id, seen } = await running();
    const other = await locust();
    const moved = it.calm({ clusters: serverAt(other.baseUrl) });
    const memory: RunMemory = {};
    for (let left = 40; left > 0; left -= 1) {
      it.advance(1000);
      await reconcileRun(moved, id, memory);
    }
    expect((await it.base.runs.get(id))?.status).toBe("Finished");
    expect([seen.asked, other.seen.asked]).toEqual([["/stop"], []]);
  });

  test("does not start into load that began after the observation, nor counts it as its own", async () => {
    const it = await world();
    const { seen, baseUrl } = await locust();
    const { id, version } = await it.create();
    const at = it.now();
    const starting = { status: "Starting", startingAt: at, slot: 0 } as const;
    // Such a Locust cannot be told a stop timeout.
    await it.base.runs.update(id, { version }, { ...starting, stopTimeoutSeconds: null });
    const clusters = serverAt(baseUrl);
    // After the observation, which found Locust idle, and before the command.
    const failpoint = async (name: string): Promise<void> => {
      if (name === "start.before") Object.assign(seen, { state: "running", requests: 7, users: 3 });
    };
    const memory: RunMemory = {};
    for (let left = 4; left > 0; left -= 1) {
      it.advance(1000);
      await reconcileRun(it.calm({ clusters, failpoint }), id, memory);
    }
    const run = await it.base.runs.get(id);
    expect([run?.status, run?.statusReason?.code]).toEqual(["Failed", "cluster_taken"]);
    expect(seen.asked).toEqual([]);
  });

  test("that was started at Locust is not Failed before the page shows its load", async () => {
    const it = await world();
    const { seen, baseUrl } = await locust();
    const deps = it.calm({ clusters: serverAt(baseUrl) });
    const scope = { accountId: "a", orgId: "o", projectId: "p" };
    const { id } = await registerExternalTestRun(
      deps,
      { ...scope, targetUsers: 5, spawnRate: 1 },
      TESTER,
    );
    const memory: RunMemory = {};
    await reconcileRun(deps, id, memory);
    expect((await it.base.runs.get(id))?.status).toBe("Starting");
    Object.assign(seen, { state: "running", requests: 5, users: 5 });
    await reconcileRun(deps, id, memory);
    expect((await it.base.runs.get(id))?.status).toBe("Running");
  });
});
