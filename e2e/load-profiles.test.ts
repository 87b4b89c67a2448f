import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { plannedUsersAt } from "@load-manager/contract/model/load-profile.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
  until,
} from "./harness.ts";
import { type Shop, startShop } from "../examples/shop/shop.ts";

const SHAPES = readFileSync(join(ROOT, "e2e/scripts/shapes.py"), "utf8");
const SCRIPT = { kind: "script" } as const;

type Body = NonNullable<Parameters<Client["createRun"]>[0]["body"]>;

/** Users and target of each second of the load, from its start. */
const usersOf = async (
  client: Client,
  run: { readonly id: string; readonly loadStartedAt?: number | undefined },
) => {
  const query = { points: 1000 };
  const { dataPoints = [] } = await client.getRunTimeseries({ params: { runId: run.id }, query });
  return dataPoints.map(({ timestamp, currentUsers, targetUsers }) => {
    // Users are those at the end of a second of the clock.
    const seconds = (timestamp + 1000 - (run.loadStartedAt ?? 0)) / 1000;
    return { seconds, currentUsers, targetUsers };
  });
};

/** A stage begins up to 0.2 s late, users start and leave a moment later, and clocks of seconds are not those of stages. */
const SLACK = 0.6;

/**
 * Expects the users of each second to be those of `planned`, wherever the plan has one value around the second's end, and answers how many
 * seconds that were.
 */
const expectAsPlanned = (
  seen: Awaited<ReturnType<typeof usersOf>>,
  planned: (seconds: number) => number,
  end: number,
): number => {
  const judged = seen.filter(({ seconds }) => {
    const around = [-SLACK, -SLACK / 2, 0, SLACK / 4].map((by) => planned(seconds + by));
    return seconds + SLACK / 4 < end && new Set(around).size === 1;
  });
  expect(judged.map(({ seconds, currentUsers }) => [seconds, currentUsers])).toEqual(
    judged.map(({ seconds }) => [seconds, planned(seconds)]),
  );
  return judged.length;
};

describe.each(ONE_LOCUST)("load profiles on $name", ({ name, python }) => {
  const dataDir = newFolder();
  let server: Server;
  let shop: Shop;
  const config = "locustClusters: [{ id: here, kind: local, workers: 2, maxConcurrentRuns: 3 }]\n";
  beforeAll(async () => {
    shop = await startShop();
    server = await startServer({ python, dataDir, config });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  const started = async (shape: string, body: Body) => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, { locustfile: SHAPES });
    const environment = { SHAPE: shape };
    return client.createRun({ params: { loadTestId }, body: { environment, ...body } });
  };
  const endOf = async (runId: string) => {
    const { client } = server;
    const run = await settled(client, runId);
    const counts = await counted(client, run.id);
    expect(counts).toEqual(shop.counts(run.id));
    const events = await eventsOf(client, run.id);
    const seen = await usersOf(client, run);
    return { run, counts, events, seen, types: events.map(({ type }) => type) };
  };
  const ended = async (shape: string, body: Body) => endOf((await started(shape, body)).id);
  const reasonOf = ({ run }: Awaited<ReturnType<typeof ended>>) => [
    run.status,
    run.statusReason?.code,
  ];

  test("a shape: steps with a float and a pause come out as they were, and its end is the run's", async () => {
    const { client } = server;
    const { id } = await started("Steps,Raises", { loadProfile: SCRIPT });
    await running(client, id);
    const change = client.changeRunLoad({ params: { runId: id }, body: { targetUsers: 9 } });
    await expect(change).rejects.toMatchObject({ status: 409 });
    const end = await endOf(id);
    expect(reasonOf(end)).toEqual(["Finished", "shape_ended"]);
    const { run, seen, events, types } = end;
    expect([run.targetUsers, run.spawnRate, run.loadProfile]).toEqual([
      ...[undefined, undefined, SCRIPT],
    ]);
    expect(run.phases).toMatchObject([{ kind: "shape", to: run.loadEndedAt }]);
    const steps = (seconds: number) =>
      seconds < 2 ? 4 : seconds < 4 ? 2 : seconds < 6 ? 0 : seconds < 8 ? 3 : 0;
    // Locust asks the shape once a second, and after a float a second later.
    for (const { seconds, targetUsers, currentUsers } of seen.filter((one) => one.seconds < 8)) {
      const possible = [steps(seconds), steps(seconds - 1), steps(seconds - 2)];
      expect(possible).toContain(targetUsers);
      // Workers do not change at the same moment: from 4 to 2 users there may be 3.
      expect(currentUsers).toBeGreaterThanOrEqual(Math.min(...possible));
      expect(currentUsers).toBeLessThanOrEqual(Math.max(...possible));
    }
    const targets = seen
      .map(({ targetUsers }) => targetUsers)
      .filter((one, at, all) => one !== all[at - 1]);
    expect(targets).toEqual([4, 2, 0, 3]);
    expect(types).not.toContain("health");
    const on = events.find(({ type }) => type === "shape_on");
    const isNewest = name === "the newest Locust";
    expect(on?.message).toBe(
      `The users follow the script's LoadTestShape Steps${isNewest ? ", the first of 2 in the script" : ""}.`,
    );
  });

  test("a shape that raises: its users stay until the limit, and an event says so; one that makes no load has failed", async () => {
    const of = { loadProfile: SCRIPT, durationSeconds: 5 };
    const [raises, atOnce, none] = await Promise.all([
      ended("Raises", of),
      ended("RaisesAtOnce", of),
      ended("EndsAtOnce", of),
    ]);
    expect(reasonOf(raises)).toEqual(["Finished", "duration_reached"]);
    expect(raises.run.healthReason?.code).toBe("shape_failed");
    const failed = raises.events.filter(({ type }) => type === "shape_failed");
    expect(failed).toMatchObject([{ data: { error: "ValueError: no plan for later" } }]);
    expectAsPlanned(raises.seen, (seconds) => (seconds < 5 ? 2 : 0), 5);
    expect((raises.run.loadEndedAt ?? 0) - (raises.run.loadStartedAt ?? 0)).toBeLessThan(6000);
    expect(reasonOf(atOnce)).toEqual(["Failed", "shape_failed"]);
    expect(atOnce.run.statusReason?.message).toContain("ValueError: no plan at all");
    expect(reasonOf(none)).toEqual(["Failed", "no_requests"]);
    for (const { counts } of [atOnce, none]) expect(counts).toEqual({});
    const absent = await started("", of).catch((thrown: unknown) => thrown);
    const problem = { errors: [{ field: "loadProfile" }] };
    expect(absent).toMatchObject({ status: 400, problem });
  });

  test("stages: ramps with decimals, one that is cut off, a spike and a pause are as planned in each second", async () => {
    const stages = [
      { durationSeconds: 2, users: 10, spawnRate: 1.5 },
      { durationSeconds: 2, users: 12 },
      { durationSeconds: 2, users: 0 },
      { durationSeconds: 2, users: 3 },
    ];
    const pause = [
      { durationSeconds: 2, users: 0 },
      { durationSeconds: 3, users: 4 },
      { durationSeconds: 2, users: 1, spawnRate: 0.5 },
    ];
    const body = (of: typeof stages) => ({ loadProfile: { kind: "stages" as const, stages: of } });
    const [first, second, constant] = await Promise.all([
      ended("Steps", body(stages)),
      ended("", body(pause)),
      ended("Steps", { targetUsers: 3, spawnRate: 10, durationSeconds: 4 }),
    ]);
    for (const end of [first, second, constant]) {
      expect(reasonOf(end)).toEqual(["Finished", "duration_reached"]);
      expect(end.types).not.toContain("health");
    }
    const planOf = (of: typeof stages) => (seconds: number) => plannedUsersAt(of, seconds);
    expect(expectAsPlanned(first.seen, planOf(stages), 8)).toBeGreaterThanOrEqual(3);
    expect(expectAsPlanned(second.seen, planOf(pause), 7)).toBeGreaterThanOrEqual(3);
    expect(first.run.durationSeconds).toBe(8);
    expect(first.run.summary?.maxUsers).toBe(12);
    const targets = first.seen.map(({ targetUsers }) => targetUsers);
    expect(targets.filter((one, at) => one !== targets[at - 1])).toEqual([10, 12, 0, 3]);
    expect([first, second, constant].map(({ types }) => types.includes("shape_off"))).toEqual([
      ...[true, false, true],
    ]);
    expectAsPlanned(constant.seen, (seconds) => (seconds < 0 ? 0 : 3), 4);
    const { findings } = await server.client.getRunSummary({ params: { runId: first.run.id } });
    expect(findings.map(({ code }) => code)).not.toContain("users_below_target");
  });

  test("stages go on while the server is killed and away, and end by themselves", async () => {
    const stages = [
      { durationSeconds: 3, users: 2 },
      { durationSeconds: 2, users: 8 },
      { durationSeconds: 3, users: 1 },
    ];
    const { id } = await started("", { loadProfile: { kind: "stages", stages } });
    await running(server.client, id);
    await server.kill("SIGKILL");
    const total = () => Object.values(shop.counts(id)).reduce((sum, one) => sum + one.requests, 0);
    await until("the end of the load", async () => {
      const before = total();
      await sleep(1500);
      return total() === before ? true : undefined;
    });
    server = await startServer({ python, dataDir, config });
    const end = await endOf(id);
    expect(reasonOf(end)).toEqual(["Finished", "duration_reached"]);
    const planned = (seconds: number) => plannedUsersAt(stages, seconds);
    expect(expectAsPlanned(end.seen, planned, 8)).toBeGreaterThanOrEqual(4);
    const lasted = (end.run.loadEndedAt ?? 0) - (end.run.loadStartedAt ?? 0);
    expect(Math.abs(lasted - 8000)).toBeLessThan(1000);
  });
});
