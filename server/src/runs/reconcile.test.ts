import { AUTO_STOP } from "@load-manager/contract/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { describe, expect, test } from "vitest";
import type { LoadState, Observation } from "../clusters/port.ts";
import { failingIn } from "./auto-stop.ts";
import { POLICY } from "./policy.ts";
import { type Facts, reconcile } from "./reconcile.ts";

const STARTED = 1_000_000;

const runIn = (status: LoadTestRun["status"], more: Partial<LoadTestRun> = {}): LoadTestRun => ({
  id: "run",
  accountId: "a",
  orgId: "o",
  projectId: "p",
  name: "Run",
  tags: [],
  keep: false,
  locustClusterId: "local",
  trigger: "api",
  status,
  health: "ok",
  verdict: "none",
  attempt: 1,
  fence: 1,
  targetUsers: 10,
  autoStop: AUTO_STOP,
  durationSeconds: 3600,
  loadProfile: { kind: "constant" },
  stopTimeoutSeconds: 10,
  startingAt: STARTED,
  startSent: { at: STARTED, boot: "b" },
  ...(status === "Starting" ? {} : { startedAt: STARTED, loadStartedAt: STARTED }),
  createdAt: STARTED,
  createdBy: "t",
  updatedAt: STARTED,
  updatedBy: "t",
  version: 1,
  ...more,
});

const factsAt = (seconds: number, more: Partial<Facts> = {}): Facts => ({
  now: STARTED + seconds * 1000,
  unreachableForMs: 0,
  endSeenForMs: 0,
  stopSentAgoMs: Number.POSITIVE_INFINITY,
  finalsIn: false,
  requestsSeen: 0,
  stalledForMs: 0,
  ...more,
});

const loading = (load: Partial<LoadState> = {}, workers = 2): Observation => ({
  kind: "load",
  engine: {},
  workers,
  workersExpected: 2,
  load: {
    phase: "running",
    boot: "b",
    testStartedAt: STARTED,
    requests: 100,
    users: 10,
    targetUsers: 10,
    workersLost: [],
    ...load,
  },
});
const silence = { kind: "unreachable", message: "no answer in 4 s" } as const;
const silent: Observation = { ...silence, refused: false };

/** What is decided, in short: an action, or a state with its code, or a health with its code. */
const decided = (run: LoadTestRun, seen: Observation, facts: Facts): string[] =>
  reconcile(run, seen, facts).map((action) => {
    if (action.do === "become") {
      return `${action.status} ${"reason" in action ? action.reason.code : ""}`.trim();
    }
    return action.do === "health"
      ? `${action.health} ${action.reason?.code ?? ""}`.trim()
      : action.do;
  });

describe("a start is proved by requests", () => {
  const starting = runIn("Starting");
  const phantom = loading({ requests: 0 });

  test("a phantom run never becomes Running: stopped, then Failed, as no_requests", () => {
    const last = POLICY.startTimeoutMs / 1000;
    expect(decided(starting, phantom, factsAt(last))).toEqual([]);
    expect(decided(starting, phantom, factsAt(last + 1))).toEqual(["Stopping no_requests"]);
    expect(decided(starting, loading(), factsAt(5))).toEqual(["Running", "ok"]);
  });

  test("a script that raises in on_start is told by name: when all users are gone, else at the timeout", () => {
    const scriptError = { message: "ValueError: no token", onStart: true };
    const dead = loading({ requests: 0, users: 0, usersDied: 10, scriptError });
    expect(decided(starting, dead, factsAt(3))).toEqual(["Stopping script_failed_on_start"]);
    const some = loading({ requests: 0, users: 3, usersDied: 7, scriptError });
    expect(decided(starting, some, factsAt(3))).toEqual([]);
    expect(decided(starting, some, factsAt(91))).toEqual(["Stopping script_failed_on_start"]);
    const [action] = reconcile(starting, dead, factsAt(3));
    expect(action).toMatchObject({
      endCause: "failed",
      reason: { message: expect.stringContaining("no token") },
    });
  });

  test("zero workers, too few, a foreign run, another master: each by its name", () => {
    const fresh = runIn("Starting");
    delete fresh.startSent;
    const ready = (workers: number, boot = "b"): Observation => ({
      kind: "ready",
      workers,
      workersExpected: 2,
      engine: {},
      boot,
    });
    expect(decided(fresh, ready(0), factsAt(61))).toEqual(["Failed no_workers"]);
    expect(decided(fresh, ready(1), factsAt(61))).toEqual(["Failed not_enough_workers"]);
    expect(decided(fresh, ready(1), factsAt(59))).toEqual(["prepare"]);
    expect(decided(fresh, ready(2), factsAt(59))).toEqual(["start"]);
    expect(decided(fresh, { kind: "foreign", message: "" }, factsAt(1))).toEqual([
      "Failed cluster_taken",
    ]);
    const other = ready(2, "c");
    expect(decided(runIn("Running"), other, factsAt(9))).toEqual(["Failed master_restarted"]);
    expect(decided(starting, other, factsAt(9))).toEqual(["Failed master_restarted"]);
  });
});

describe("health follows evidence", () => {
  const running = runIn("Running");
  const health = (seen: Observation, facts = factsAt(60)): string[] =>
    decided(running, seen, facts);

  test("the worst is told first, and unknown before all", () => {
    const saturated = [{ id: "worker-1", since: STARTED }];
    const clockOffsets = [{ worker: "worker-2", seconds: 3 }];
    const all = { saturated, clockOffsets, workersLost: ["worker-2"] };
    expect(health(loading())).toEqual(["ok"]);
    expect(health(loading({ clockOffsets }))).toEqual(["degraded clock_offset"]);
    expect(health(loading({ saturated, clockOffsets }))).toEqual(["degraded generator_saturated"]);
    expect(health(loading({ saturated }, 1))).toEqual(["degraded workers_missing"]);
    expect(health(loading(all, 1))).toEqual(["degraded workers_lost"]);
    const stalled = factsAt(60, { stalledForMs: POLICY.stalledMs });
    expect(health(loading(all, 1), stalled)).toEqual(["unknown no_progress"]);
    expect(health(loading({ users: 0, targetUsers: 0 }), stalled)).toEqual(["ok"]);
  });

  test("silence is unknown with its beginning, refusal too, until it is a loss", () => {
    const facts = factsAt(60, { unreachableForMs: 4000.5 });
    expect(health(silent, facts)).toEqual(["unknown master_unresponsive"]);
    const [action] = reconcile(running, silent, facts);
    expect(action).toMatchObject({ reason: { since: STARTED + 56_000 } });
    const refused: Observation = { ...silence, refused: true };
    expect(health(refused, facts)).toEqual(["unknown master_unreachable"]);
    expect(health(refused, factsAt(60, { unreachableForMs: 10_000 }))).toEqual([
      "kill",
      "Failed master_lost",
    ]);
  });
});

describe("auto-stop as the server sees it", () => {
  const from = STARTED / 1000;
  const bad = { requests: 100, failures: 90, from, to: from + 60 };

  test("the rule is the plugin's", () => {
    const running = runIn("Running");
    expect(failingIn(running, bad)).toEqual({
      requests: 100,
      failures: 90,
      failedPercent: 90,
      windowSeconds: 60,
      from: new Date(STARTED).toISOString(),
      to: new Date(STARTED + 60_000).toISOString(),
    });
    expect(failingIn(running, { ...bad, failures: 89 })).toBeUndefined();
    expect(failingIn(running, { ...bad, requests: 99, failures: 99 })).toBeUndefined();
    expect(failingIn(running, { ...bad, from: from - 1 })).toBeUndefined();
    expect(failingIn(running, undefined)).toBeUndefined();
    const off = runIn("Running", { autoStop: { ...AUTO_STOP, enabled: false } });
    expect(failingIn(off, bad)).toBeUndefined();
  });

  test("it stops a run that is seen, and one that is only heard of by its figures", () => {
    const facts = factsAt(75, { window: bad });
    expect(decided(runIn("Running"), loading(), facts)).toEqual(["Stopping auto_stop_errors"]);
    expect(decided(runIn("Running"), silent, facts)).toEqual(["Stopping auto_stop_errors"]);
    expect(decided(runIn("Stopping", { stoppingAt: facts.now }), loading(), facts)).toEqual([
      "stop",
    ]);
  });
});

describe("a stop that has no effect", () => {
  const stopping = runIn("Stopping", { stoppingAt: STARTED, endCause: "stopped_by_user" });
  const sent = { stopSentAgoMs: 1000, unreachableForMs: 4000 };

  test("is sent once to who is silent, again to who listens, and then the processes are ended", () => {
    expect(decided(stopping, silent, factsAt(5))[0]).toBe("stop");
    expect(decided(stopping, silent, factsAt(20, { ...sent, stopSentAgoMs: 20_000 }))).toEqual([
      "unknown master_unresponsive",
    ]);
    expect(decided(stopping, loading(), factsAt(20, { stopSentAgoMs: 20_000 }))).toEqual(["stop"]);
    expect(decided(stopping, loading({ phase: "stopping" }), factsAt(20))).toEqual([]);
    expect(decided(stopping, loading(), factsAt(33, sent))).toEqual(["kill"]);
    expect(decided(stopping, silent, factsAt(33, sent))[0]).toBe("kill");
    // Not ours to kill: in the end it is lost.
    expect(decided(stopping, silent, factsAt(63, { unreachableForMs: 30_000 }))).toEqual([
      "kill",
      "Failed master_lost",
    ]);
    expect(decided(stopping, loading(), factsAt(63, sent))).toEqual([
      "kill",
      "Failed stop_not_confirmed",
    ]);
  });

  test("a page that is kept by a clock that was set back proves nothing, and the reason says so", () => {
    const clockOffsets = [{ worker: "master", seconds: -300 }];
    const polled = { totalRequests: 100, totalFailures: 0, currentUsers: 10, requestStats: {} };
    const page = loading({ clockOffsets, polled });
    const messageAt = (seen: Observation) =>
      reconcile(stopping, seen, factsAt(63, sent)).flatMap((action) =>
        action.do === "become" && "reason" in action ? [action.reason.message] : [],
      )[0];
    expect(messageAt(page)).toContain("may be old: Clocks are off: master by -300.0 s.");
    expect(messageAt(loading({ clockOffsets }))).toBe("Locust was told to stop, and did not.");
  });
});

test("how long load has run is what the plugin tells, whatever the clocks are", () => {
  const run = runIn("Running", { durationSeconds: 60 });
  const early = loading({ testStartedAt: STARTED - 300_000, ranMs: 20_000 });
  expect(decided(run, early, factsAt(20))).toEqual(["ok"]);
  const late = loading({ testStartedAt: STARTED + 300_000, ranMs: 71_000 });
  expect(decided(run, late, factsAt(71))).toEqual(["Stopping duration_reached"]);
});

describe("a master that does not answer", () => {
  test("past the deadline is not waited for: the stop begins, and so does what follows it", () => {
    const run = runIn("Running", { durationSeconds: 20 });
    expect(decided(run, silent, factsAt(29, { unreachableForMs: 15_000 }))).toEqual([
      "unknown master_unresponsive",
    ]);
    expect(decided(run, silent, factsAt(31, { unreachableForMs: 17_000 }))).toEqual([
      "Stopping duration_reached",
    ]);
  });

  test("though requests prove that its load runs: it is Running, and not shown as well", () => {
    const run = runIn("Starting");
    const actions = reconcile(run, silent, factsAt(9, { requestsSeen: 3, unreachableForMs: 5000 }));
    expect(actions).toMatchObject([
      { do: "become", status: "Running", startedAt: STARTED + 9000 },
      { do: "health", health: "unknown" },
    ]);
  });
});
