import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { config, freePort, startLocust } from "../attached-locust.ts";
import { eventsOf, LOCUSTS, running, type Server, settled, until } from "../harness.ts";
import { note, openWorld, type Store, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
/** The path of libfaketime; `npm test` sets it, or reports that this machine has none. */
const FAKETIME = process.env["LOAD_MANAGER_TEST_FAKETIME"] ?? "";
type Who = "server" | "master" | "worker";

/** A server, a master and two workers; the server, the master and one worker each have their own wall clock, set by a file. */
const openClocks = async (
  store: Store,
  options: {
    readonly plugin?: boolean;
    readonly fromTheStart?: { readonly who: Who; readonly seconds: number };
  } = {},
) => {
  const world = await openWorld(store, python);
  const { plugin = true, fromTheStart } = options;
  const file = (who: Who): string => join(world.folder, `clock-${who}`);
  const set = (who: Who, seconds: number): void =>
    writeFileSync(file(who), `${seconds < 0 ? "" : "+"}${seconds}\n`);
  const clockOf = (who: Who): Record<string, string> => {
    set(who, fromTheStart?.who === who ? fromTheStart.seconds : 0);
    return {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file(who),
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
    };
  };
  const port = await freePort();
  const locust = await startLocust({
    python,
    folder: join(world.folder, "locust"),
    plugin,
    script: world.locustfile,
    serverUrl: `http://127.0.0.1:${port}`,
    env: (process) => (process > 1 ? {} : clockOf(process === 0 ? "master" : "worker")),
  });
  world.closers.push(locust.stop);
  const server = await world.serve({
    port,
    env: clockOf("server"),
    config: `${world.storeConfig()}
server: { callbackUrls: ["http://127.0.0.1:${port}"] }
${config(locust.baseUrl)}`,
  });
  const loadTestId = await world.define(server);
  const begin = async (durationSeconds: number): Promise<{ id: string; asked: number }> => {
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds };
    const asked = Date.now();
    const { id } = await server.client.createRun({ params: { loadTestId }, body });
    return { id, asked };
  };
  return { world, server, locust, set, begin };
};

const getRun = (server: Server, runId: string) => server.client.getRun({ params: { runId } });

const clockEvent = (server: Server, runId: string, seconds: number) =>
  until(
    `clock_offset of ${seconds} s`,
    async () =>
      (await eventsOf(server.client, runId)).find(
        ({ type, data }) =>
          type === "clock_offset" && Math.abs(Number(data?.["seconds"]) - seconds) < 1.5,
      ),
    15,
  );

const typesOf = async (server: Server, runId: string): Promise<string[]> =>
  (await eventsOf(server.client, runId)).map(({ type }) => type);

/** Expects the times and the chart of a run to be right on the clock of this test, without gaps. */
const expectTrueTimes = async (
  server: Server,
  { id, asked }: { readonly id: string; readonly asked: number },
  durationSeconds: number,
) => {
  const run = await getRun(server, id);
  const [from, to] = [asked - 1500, Date.now() + 500];
  const { startedAt = 0, loadEndedAt = 0, finishedAt = 0 } = run;
  expect([from, startedAt, loadEndedAt, finishedAt, to]).toEqual(
    [from, startedAt, loadEndedAt, finishedAt, to].toSorted((a, b) => a - b),
  );
  expect(Math.abs(loadEndedAt - startedAt - durationSeconds * 1000)).toBeLessThan(3000);
  expect(run.summary?.gaps).toEqual([]);
  const { t = [], totalRps = [] } = await server.client.getRunTimeseries({
    params: { runId: id },
    query: { points: 2000, format: "columns" },
  });
  expect(t[0]).toBeGreaterThanOrEqual(from);
  expect(t.at(-1)).toBeLessThanOrEqual(to);
  expect(t.length).toBeGreaterThanOrEqual(durationSeconds);
  expect(t.length).toBeLessThan(durationSeconds + 5);
  // The first and the last seconds are partial.
  expect(totalRps.slice(2, durationSeconds - 1).every((rps) => (rps ?? 0) > 0)).toBe(true);
  const { requestsPerSec } = run.summary ?? {};
  expect(requestsPerSec).toBeGreaterThan(10);
  return run;
};

describe.each(STORES)("wrong clocks, on %s", (store) => {
  test.each([
    ["a worker's clock is set by +120 s", "worker", 120],
    ["the master's clock is set by −300 s", "master", -300],
    ["the master's clock is set by +300 s", "master", 300],
  ] as const)("row 19: %s during a run", async (fault, who, seconds) => {
    const { world, server, set, begin } = await openClocks(store);
    const first = await begin(20);
    await running(server.client, first.id);
    await sleep(6000);
    set(who, seconds);
    const jumped = Date.now();
    const { data, message } = await clockEvent(server, first.id, seconds);
    const detectedMs = Date.now() - jumped;
    if (who === "master") expect(data?.["worker"]).toBe("master");
    expect(message).toContain(`set by ${seconds > 0 ? "+" : ""}${seconds}.0 s`);
    await until("the health", async () => {
      const { health, healthReason } = await getRun(server, first.id);
      return health === "degraded" && healthReason?.code === "clock_offset" ? true : undefined;
    });
    await world.verify(server, first.id, { status: "Finished", code: "duration_reached" });
    const ended = await expectTrueTimes(server, first, 20);
    expect(ended.summary).toMatchObject({ complete: true, workers: { expected: 2, lost: 0 } });
    expect(await typesOf(server, first.id)).not.toContain("workers_lost");
    note({ row: 19, fault: `${fault} during a run`, store, detectedMs });
    const next = await begin(6);
    await clockEvent(server, next.id, seconds);
    await world.verify(server, next.id, { status: "Finished", code: "duration_reached" });
    await expectTrueTimes(server, next, 6);
  });

  test.each([
    ["a worker's clock is 120 s ahead", "worker", 120],
    ["the master's clock is 300 s behind", "master", -300],
  ] as const)("row 19: %s from the start", async (fault, who, seconds) => {
    const { world, server, begin } = await openClocks(store, { fromTheStart: { who, seconds } });
    const run = await begin(15);
    const { startedAt = 0 } = await running(server.client, run.id);
    const { data } = await clockEvent(server, run.id, seconds);
    const detectedMs = Date.now() - startedAt;
    expect(data?.["worker"] === "master").toBe(who === "master");
    await world.verify(server, run.id, { status: "Finished", code: "duration_reached" });
    await expectTrueTimes(server, run, 15);
    const events = (await eventsOf(server.client, run.id)).filter(
      ({ type }) => type === "clock_offset",
    );
    expect(events).toHaveLength(1);
    note({ row: 19, fault: `${fault} from the start`, store, detectedMs });
  });

  test.each([300, -300])("row 19: the server's clock is set by %i s during a run", async (by) => {
    const { world, server, set, begin } = await openClocks(store);
    const first = await begin(20);
    await running(server.client, first.id);
    await sleep(6000);
    set("server", by);
    await sleep(4000);
    const { lastMetrics, health } = await getRun(server, first.id);
    expect([health, (lastMetrics?.totalRps ?? 0) > 0]).toEqual(["ok", true]);
    await world.verify(server, first.id, { status: "Finished", code: "duration_reached" });
    await expectTrueTimes(server, first, 20);
    const types = await typesOf(server, first.id);
    for (const type of ["adopted", "stop_sent", "gap"]) expect(types).not.toContain(type);
    note({ row: 19, fault: `the server's clock is set by ${by} s during a run`, store });
    await until("the new time", () =>
      server.output().includes("The clock of this machine was set") ? true : undefined,
    );
    const next = await begin(4);
    const { createdAt } = await getRun(server, next.id);
    expect(Math.abs(createdAt - next.asked - by * 1000)).toBeLessThan(2000);
    await world.verify(server, next.id, { status: "Finished", code: "duration_reached" });
  });

  test.each([300, -300])(
    "row 19: the server's clock is set by %i s, without the plugin",
    async (by) => {
      const { world, server, set, begin } = await openClocks(store, { plugin: false });
      const run = await begin(20);
      const { startedAt = 0 } = await running(server.client, run.id);
      await sleep(6000);
      set("server", by);
      const ended = await settled(server.client, run.id);
      expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
      const lasted = (world.shop.lastAt() ?? 0) - startedAt;
      expect(Math.abs(lasted - 20_000)).toBeLessThan(4000);
      note({ row: 19, fault: `the server's clock is set by ${by} s, no plugin`, store });
    },
  );

  test("row 19: without the plugin a master whose clock is set back shows an old page, and the message names it", async () => {
    const { world, server, set, begin } = await openClocks(store, { plugin: false });
    const run = await begin(45);
    await running(server.client, run.id);
    await sleep(4000);
    set("master", -300);
    const jumped = Date.now();
    const healthIs = (code: string) =>
      until(code, async () => {
        const { healthReason } = await getRun(server, run.id);
        return healthReason?.code === code ? healthReason : undefined;
      });
    expect((await healthIs("clock_offset")).message).toMatch(/master by -(299|300)\.\d s/);
    const detectedMs = Date.now() - jumped;
    await healthIs("no_progress");
    const ended = await settled(server.client, run.id, 150);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "stop_not_confirmed"]);
    expect(ended.statusReason?.message).toMatch(
      /page may be outdated: Clocks are off: master by -/,
    );
    expect((world.shop.lastAt() ?? 0) - (ended.startedAt ?? 0)).toBeLessThan(45_000 + 4000);
    const fault = "the master's clock is set by −300 s during a run, no plugin";
    note({ row: 19, fault, store, detectedMs });
  });
});
