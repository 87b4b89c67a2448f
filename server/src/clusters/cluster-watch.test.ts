import { createServer } from "node:http";
import { once } from "node:events";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../lib/clock.ts";
import { createAttached } from "./attached/attached.ts";
import { createClusterWatch } from "./cluster-watch.ts";

const clock: Clock = {
  now: () => Date.now(),
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A master with the plugin whose status is `answer()`; `undefined`: it never answers. */
const masterWith = async (answer: () => object | undefined) => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    const body = answer();
    if (body !== undefined)
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const adapter = createAttached(
    {
      id: "c",
      kind: "attached",
      scope: {},
      maxConcurrentRuns: 1,
      baseUrl: `http://127.0.0.1:${port}`,
    },
    { callbackTokens: () => [], callbackUrls: () => [], runAddress: () => ({}), clock },
  );
  return { adapter, asked: () => asked };
};

const status = (workers: readonly object[]) => ({
  protocol: 3,
  pluginVersion: "1",
  locustVersion: "2.47.0",
  pythonVersion: "3.11.2",
  masterInstanceId: "b0",
  wallMs: Date.now(),
  state: "ready",
  userCount: 0,
  master: { cpu: 3.5, memory: 50_000_000 },
  workers,
  run: null,
});
const worker = (state: string) => ({
  id: "w1",
  state,
  users: 7,
  cpu: 40,
  memory: 9,
  clockAheadMs: -2,
});

const watchOver = (adapters: readonly Awaited<ReturnType<typeof masterWith>>["adapter"][]) => {
  const watch = createClusterWatch({
    clusters: { values: () => adapters },
    runs: { unsettled: async () => [] },
    clock,
    log: pino({ level: "silent" }),
    onChange: () => {},
  });
  closing.push(watch.stop);
  return watch;
};

test("a cluster that has answered is not asked again for a reader, and tells its processes", async () => {
  let now: readonly object[] = [worker("ready")];
  const { adapter, asked } = await masterWith(() => status(now));
  const watch = watchOver([adapter]);
  watch.start();
  await expect.poll(() => watch.states().get("c")).toBe("idle");
  const before = asked();
  const first = await watch.last(adapter);
  expect(first.processes).toEqual([
    {
      id: "master",
      role: "master",
      state: "ready",
      users: null,
      cpuPercent: 3.5,
      memoryBytes: 50_000_000,
      clockOffsetMs: 0,
      pythonVersion: "3.11.2",
    },
    {
      id: "w1",
      role: "worker",
      state: "ready",
      users: 7,
      cpuPercent: 40,
      memoryBytes: 9,
      clockOffsetMs: -2,
      pythonVersion: null,
    },
  ]);
  expect(asked()).toBe(before);
  const heardAt = first.heardAt.get("w1") ?? 0;
  expect(Math.abs(Date.now() - heardAt)).toBeLessThan(5000);
  // A worker that is missing was heard of when it last was not.
  now = [worker("missing")];
  watch.wake();
  await expect.poll(async () => (await watch.last(adapter)).processes?.[1]?.state).toBe("missing");
  const second = await watch.last(adapter);
  expect(second.heardAt.get("w1")).toBe(heardAt);
  expect(second.heardAt.get("master")).toBeGreaterThan(heardAt);
});

test("what a cluster answered during a run does not count after the run: it is asked again", async () => {
  let state = "running";
  const { adapter, asked } = await masterWith(() => ({ ...status([]), state }));
  const watch = watchOver([adapter]);
  const run = { id: "r1", locustClusterId: "c", slot: 0, status: "Running" } as LoadTestRun;
  expect((await watch.current(adapter, [run])).state).toBe("busy");
  state = "ready";
  // The run goes on: its cluster need not be asked again.
  expect((await watch.current(adapter, [run])).state).toBe("busy");
  expect(asked()).toBe(1);
  expect((await watch.current(adapter, [])).state).toBe("idle");
  expect(asked()).toBe(2);
});

test("an answer that was asked for during a run and comes after it does not count either", async () => {
  let answered = 0;
  const hold = Promise.withResolvers<void>();
  const { adapter } = await masterWith(() => ({ ...status([]), state: "running" }));
  const slow = {
    ...adapter,
    probe: async () => {
      const probe = await adapter.probe();
      await hold.promise;
      answered += 1;
      return answered === 1 ? probe : { state: "idle" as const };
    },
  };
  const watch = watchOver([slow]);
  const run = { id: "r1", locustClusterId: "c", slot: 0, status: "Running" } as LoadTestRun;
  void watch.current(slow, [run]);
  const after = watch.current(slow, []);
  hold.resolve();
  expect((await after).state).toBe("idle");
  expect(answered).toBe(2);
});

test("nobody waits for a dead host: not the reader, not the other clusters", async () => {
  const dead = await masterWith(() => undefined);
  const alive = await masterWith(() => status([]));
  const other = { ...alive.adapter, config: { ...alive.adapter.config, id: "d" } };
  const watch = watchOver([dead.adapter, other]);
  watch.start();
  await expect.poll(() => watch.states().get("d"), { timeout: 2000 }).toBe("idle");
  const began = performance.now();
  const unknown = await watch.last(dead.adapter);
  expect(unknown).toMatchObject({ state: "unknown", message: "The cluster has not answered yet." });
  expect(performance.now() - began).toBeLessThan(2000);
  // It is asked once at a time, and once it has been silent for long enough its state is known.
  expect(dead.asked()).toBe(1);
  await expect
    .poll(async () => (await watch.last(dead.adapter)).state, { timeout: 8000 })
    .toBe("unreachable");
}, 15_000);
