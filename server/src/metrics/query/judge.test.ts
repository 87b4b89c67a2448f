import { describe, expect, test } from "vitest";
import { type Expected, judgeLoad, turningPoints, type UsersPoint } from "./judge-load.ts";
import { judgeProcesses, type ProcessesPoint } from "./judge-processes.ts";

const at = (index: number) => ({ fromMs: index * 10_000, toMs: (index + 1) * 10_000 });
const users = (counts: readonly (number | null)[], target = 100): UsersPoint[] =>
  counts.map((count, index) => ({ ...at(index), users: count, targetUsers: count && target }));
const rate = (spawnRate: number): Expected => ({ kind: "rate", spawnRateAt: () => spawnRate });
const slow = rate(10);

describe("the load", () => {
  test("is fine from when the target was reached", () => {
    const { trust, findings } = judgeLoad(users([50, 100, 100]), slow, true);
    expect(trust).toEqual({ state: "fine", users: 100, targetUsers: 100, reachedAt: 20_000 });
    expect(findings).toEqual([]);
  });

  test("was reached, and is below its target, since the second that tells", () => {
    const points = users([50, 100, 100, 80, 100]);
    const seconds = (from: number, ...counts: (number | null)[]): UsersPoint[] =>
      counts.map((count, index) => ({
        fromMs: from + index * 1000,
        toMs: from + (index + 1) * 1000,
        users: count,
        targetUsers: 100,
      }));
    const known = new Map([
      [10_000, seconds(10_000, 60, 80, 100, 90, 100, 100, 100, 100, 100, 100)],
      [30_000, seconds(30_000, 100, 90, 100, 100, 100, 100, 100, 85, 80, 80)],
    ]);
    expect(turningPoints(points).map(({ fromMs }) => fromMs)).toEqual([10_000, 30_000, 40_000]);
    const of = (read: ReadonlyMap<number, UsersPoint[]>) =>
      judgeLoad(points, slow, true, ({ fromMs }) => read.get(fromMs) ?? []);
    expect(of(known).trust.reachedAt).toBe(13_000);
    expect(of(known).findings).toMatchObject([{ since: 37_000, until: 40_000 }]);
    const earlier = seconds(10_000, 50, 50, 50, 60, 100, 100, 100, 100, 100, 100);
    const raised = earlier.map((second, index) =>
      index < 3 ? { ...second, targetUsers: 50 } : second,
    );
    expect(of(new Map([[10_000, raised]])).trust.reachedAt).toBe(15_000);
    // A second that is missing could be the one.
    known.set(10_000, seconds(10_000, 60, null, 100));
    expect(of(known).trust.reachedAt).toBe(20_000);
  });

  test("is below its target no sooner than it was due", () => {
    const { findings } = judgeLoad(users([50, 50, 50]), rate(20), false);
    expect(findings).toMatchObject([{ since: 15_000 }]);
  });

  test("is not judged before the spawn rate can have reached it", () => {
    const { trust, findings } = judgeLoad(users([50, 99]), slow, false);
    expect([trust.state, trust.reachedAt, findings]).toEqual(["unknown", null, []]);
  });

  test("below its target is a finding, which lasts or has ended", () => {
    const lasting = judgeLoad(users([50, 100, 80, 70]), slow, false);
    expect(lasting.trust).toMatchObject({ state: "flawed", users: 70, reachedAt: 20_000 });
    expect(lasting.findings).toEqual([
      { code: "users_below_target", since: 20_000, data: { users: 70, targetUsers: 100 } },
    ]);
    const over = judgeLoad(users([50, 100, 80, null, 100]), slow, false);
    expect(over.findings).toMatchObject([{ since: 20_000, until: 30_000 }]);
    expect(judgeLoad(users([50, 100, 80]), slow, true).findings).toMatchObject([{ until: 30_000 }]);
  });

  test("that ends on its way to the target was not reached", () => {
    const { trust, findings } = judgeLoad(users([20, 40, 60]), rate(2), true);
    expect(trust).toMatchObject({ state: "flawed", users: 60, reachedAt: null });
    expect(findings).toMatchObject([{ since: 0, until: 30_000, data: { users: 20 } }]);
  });

  test("has time for each new target", () => {
    const points = [...users([50, 100]), ...users([100, 150, 200], 200).map((one) => one)].map(
      (point, index) => ({ ...point, ...at(index) }),
    );
    const { trust, findings } = judgeLoad(points, slow, false);
    expect([trust.state, trust.reachedAt, findings]).toEqual(["fine", 50_000, []]);
  });

  test("of a plan is judged by what was planned in the ten seconds before", () => {
    const pause: Expected = { kind: "plan", usersAt: (ms) => (ms < 25_000 ? 100 : 0) };
    const points = [100, 60, 0, 0].map((count, index) => ({
      ...at(index),
      users: count,
      targetUsers: index < 2 ? 100 : 0,
    }));
    const { trust, findings } = judgeLoad(points, pause, true);
    expect(findings).toMatchObject([{ since: 10_000, until: 20_000, data: { users: 60 } }]);
    expect(trust).toMatchObject({ state: "flawed", users: 100, targetUsers: 100 });
    const late: Expected = { kind: "plan", usersAt: (ms) => (ms < 15_000 ? 0 : 100) };
    expect(judgeLoad(users([0, 0, 100]), late, true).findings).toEqual([]);
    expect(judgeLoad(users([0, 0, 0]), late, true).findings).toMatchObject([{ since: 20_000 }]);
    const cut: Expected = { kind: "plan", usersAt: (ms) => ms / 1000 };
    expect(judgeLoad(users([10, 20, 30]), cut, true)).toMatchObject({
      trust: { state: "unknown", reachedAt: null },
      findings: [],
    });
  });

  test("that ends without users, or pauses, is shown by the highest target that was reached", () => {
    const steps = (...counts: readonly (readonly [users: number, targetUsers: number])[]) =>
      judgeLoad(
        counts.map(([count, targetUsers], index) => ({ ...at(index), users: count, targetUsers })),
        { kind: "plan", usersAt: () => 0 },
        true,
      ).trust;
    const top = { state: "fine", users: 50, targetUsers: 50, reachedAt: 30_000 };
    expect(steps([20, 20], [30, 50], [50, 50], [10, 10], [0, 0])).toEqual(top);
    expect(steps([20, 20], [30, 50], [0, 0])).toMatchObject({ targetUsers: 20, reachedAt: 10_000 });
    expect(steps([30, 50], [0, 0])).toEqual({
      state: "unknown",
      users: 30,
      targetUsers: 50,
      reachedAt: null,
    });
    expect(steps([0, 0])).toMatchObject({ users: 0, targetUsers: 0 });
  });

  test("of a shape is not judged: how fast it starts users is not known", () => {
    const { trust, findings } = judgeLoad(users([0, 10, 20]), { kind: "unknown" }, true);
    expect([trust.state, findings]).toEqual(["unknown", []]);
    expect(judgeLoad(users([0, 100]), { kind: "unknown" }, true).trust.state).toBe("fine");
  });

  test("is unknown without users", () => {
    expect(judgeLoad(users([null, null]), slow, true).trust.state).toBe("unknown");
  });
});

const process = (id: string, more: Partial<ProcessesPoint["processes"][number]> = {}) => ({
  id,
  state: "running" as const,
  cpuPercent: 40,
  clockOffsetMs: 2,
  ...more,
});
const processes = (...lists: ProcessesPoint["processes"][]): ProcessesPoint[] =>
  lists.map((list, index) => ({ ...at(index), processes: list }));
const input = {
  workers: { expected: 2, lost: 0 },
  load: { fromMs: 0, toMs: 100_000 },
  hasEnded: false,
};

describe("the processes", () => {
  test("are fine with their busiest one, and the clock that is furthest off", () => {
    const points = processes([process("a"), process("b", { cpuPercent: 64, clockOffsetMs: -5 })]);
    const { trust, findings } = judgeProcesses(points, input);
    expect(trust).toEqual({
      generators: { state: "fine", process: "b", cpuPercent: 64, workers: input.workers },
      clocks: { state: "fine", process: "b", offsetMs: -5 },
    });
    expect(findings).toEqual([]);
  });

  test("are unknown without the plugin", () => {
    const { trust } = judgeProcesses([], { ...input, workers: { expected: null, lost: null } });
    expect(trust).toMatchObject({
      generators: { state: "unknown", process: null, cpuPercent: null },
      clocks: { state: "unknown", offsetMs: null },
    });
  });

  test("that are saturated are named with their time; a minute's pause makes two times of it", () => {
    const busy = process("a", { cpuPercent: 95 });
    const idle = process("a");
    const points = processes(
      [idle],
      [busy],
      [idle],
      [busy],
      [idle],
      ...Array.from({ length: 7 }, () => [idle]),
      [busy],
    );
    const { trust, findings } = judgeProcesses(points, input);
    expect(trust.generators).toMatchObject({ state: "flawed", process: "a", cpuPercent: 95 });
    expect(findings).toEqual([
      {
        code: "generator_saturated",
        since: 10_000,
        until: 40_000,
        data: { processes: [{ id: "a", cpuPercent: 95 }] },
      },
      expect.objectContaining({ since: 120_000 }),
    ]);
    expect(findings[1]).not.toHaveProperty("until");
  });

  test("that are gone or missing are lost until they are back", () => {
    const points = processes(
      [process("a"), process("b")],
      [process("a"), process("b", { state: "missing" })],
      [process("a")],
      [process("a"), process("b")],
    );
    const { trust, findings } = judgeProcesses(points, input);
    expect(trust.generators.state).toBe("flawed");
    expect(findings).toEqual([
      { code: "workers_lost", since: 10_000, until: 30_000, data: { workers: ["b"], lost: 1 } },
    ]);
  });

  test("that no point misses, but the master, are lost at some time", () => {
    const { findings } = judgeProcesses([], { ...input, workers: { expected: 2, lost: 1 } });
    expect(findings).toEqual([
      { code: "workers_lost", since: 0, until: 100_000, data: { workers: [], lost: 1 } },
    ]);
  });

  test("whose clocks are off say against what", () => {
    const points = processes([
      process("master", { clockOffsetMs: -2500 }),
      process("a", { clockOffsetMs: null }),
    ]);
    const { trust, findings } = judgeProcesses(points, input);
    expect(trust.clocks).toEqual({ state: "flawed", process: "master", offsetMs: -2500 });
    expect(findings).toMatchObject([
      { code: "clock_offset", data: { process: "master", offsetMs: -2500, against: "server" } },
    ]);
  });
});
