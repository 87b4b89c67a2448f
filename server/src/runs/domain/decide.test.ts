import { describe, expect, test } from "vitest";
import { PLUGIN_CAPABILITIES as capabilities } from "../../clusters/plugin/observation.ts";
import { criterionFailed } from "./outcomes.ts";
import { POLICY } from "./policy.ts";
import { decide } from "./decide.ts";
import type { Observation } from "./observation.ts";
import {
  decided,
  factsAt,
  loading,
  runIn,
  silent,
  STARTED,
  silence,
} from "../testing/decide-fixtures.ts";

describe("a start is confirmed by requests", () => {
  const starting = runIn("Starting");
  const withoutRequests = loading({ requests: 0 });

  test("a run without requests never becomes Running: it is stopped, then Failed as no_requests", () => {
    const last = POLICY.startTimeoutMs / 1000;
    expect(decided(starting, withoutRequests, factsAt(last))).toEqual([]);
    expect(decided(starting, withoutRequests, factsAt(last + 1))).toEqual(["Stopping no_requests"]);
    expect(decided(starting, loading(), factsAt(5))).toEqual(["Running", "ok"]);
  });

  test("a script that raises in on_start is script_failed_on_start: when all users are gone, else at the timeout", () => {
    const scriptError = {
      message: "ValueError: no token",
      onStart: true,
      spawning: false,
      endsProcess: false,
    };
    const dead = loading({ requests: 0, users: 0, usersDied: 10, scriptError });
    expect(decided(starting, dead, factsAt(3))).toEqual(["Stopping script_failed_on_start"]);
    const some = loading({ requests: 0, users: 3, usersDied: 7, scriptError });
    expect(decided(starting, some, factsAt(3))).toEqual([]);
    expect(decided(starting, some, factsAt(91))).toEqual(["Stopping script_failed_on_start"]);
    const [action] = decide(starting, dead, factsAt(3));
    expect(action).toMatchObject({
      endCause: "failed",
      reason: { message: expect.stringContaining("no token") },
    });
  });

  test("a script that cannot make users is spawn_failed 10 s after the ramp, unless a user came", () => {
    const scriptError = {
      message: "TypeError: no basket",
      onStart: false,
      spawning: true,
      endsProcess: false,
    };
    const none = loading({ requests: 0, users: 0, scriptError });
    const below = (ms: number) => factsAt(20, { belowTargetForMs: ms });
    expect(decided(starting, none, below(9999))).toEqual([]);
    expect(decided(starting, none, below(10_000))).toEqual(["Stopping spawn_failed"]);
    const one = loading({ requests: 0, users: 1, scriptError });
    expect(decided(starting, one, below(10_000))).toEqual([]);
  });

  test("zero workers, too few workers, another run, another master: each has its own code", () => {
    const fresh = runIn("Starting");
    delete fresh.startSent;
    const ready = (workers: number, masterInstanceId = "b"): Observation => ({
      kind: "ready",
      workers,
      workersExpected: 2,
      engine: {},
      masterInstanceId,
      capabilities,
    });
    expect(decided(fresh, ready(0), factsAt(61))).toEqual(["Failed no_workers"]);
    expect(decided(fresh, ready(1), factsAt(61))).toEqual(["Failed not_enough_workers"]);
    expect(decided(fresh, ready(1), factsAt(59))).toEqual(["prepare"]);
    expect(decided(fresh, ready(2), factsAt(59))).toEqual(["start"]);
    expect(decided(fresh, { kind: "foreign", message: "", capabilities }, factsAt(1))).toEqual([
      "Failed cluster_taken",
    ]);
    const other = ready(2, "c");
    expect(decided(runIn("Running"), other, factsAt(9))).toEqual(["Failed master_restarted"]);
    expect(decided(starting, other, factsAt(9))).toEqual(["Failed master_restarted"]);
  });

  test("while packages are installed nothing is late, for ten minutes; the limits of a start count from their end", () => {
    const fresh = runIn("Starting");
    delete fresh.startSent;
    const preparing: Observation = { kind: "preparing" };
    const nothing: Observation = { kind: "nothing" };
    expect(decided(fresh, preparing, factsAt(599, { preparedAgoMs: 0 }))).toEqual([]);
    expect(decided(fresh, preparing, factsAt(601, { preparedAgoMs: 0 }))).toEqual([
      "Failed packages_not_installed",
    ]);
    expect(decided(fresh, nothing, factsAt(300, { preparedAgoMs: 89_000 }))).toEqual(["prepare"]);
    expect(decided(fresh, nothing, factsAt(300, { preparedAgoMs: 91_000 }))).toEqual([
      "Failed start_failed",
    ]);
    // Their process is killed again and again.
    expect(decided(fresh, nothing, factsAt(691, { preparedAgoMs: 1000 }))).toEqual([
      "Failed start_failed",
    ]);
    const ready: Observation = {
      kind: "ready",
      workers: 1,
      workersExpected: 2,
      engine: {},
      masterInstanceId: "b",
      capabilities,
    };
    expect(decided(fresh, ready, factsAt(300, { preparedAgoMs: 59_000 }))).toEqual(["prepare"]);
    expect(decided(fresh, ready, factsAt(300, { preparedAgoMs: 61_000 }))).toEqual([
      "Failed not_enough_workers",
    ]);
    const stopped = { ...fresh, status: "Stopping", endCause: "stopped_by_user" } as const;
    expect(decided(stopped, preparing, factsAt(9, { finalsIn: true }))).toEqual([
      "Stopped stopped_by_user",
    ]);
  });

  test("a start is not sent again once the master has reported about the run", () => {
    const ready: Observation = {
      kind: "ready",
      workers: 2,
      workersExpected: 2,
      engine: {},
      masterInstanceId: "b",
      capabilities,
    };
    const reported = (more: Parameters<typeof factsAt>[1]) =>
      decided(starting, ready, factsAt(9, { hasReported: true, ...more }));
    expect(decided(starting, ready, factsAt(9))).toEqual(["start"]);
    expect(reported({ requestsSeen: 5 })).toEqual(["Running"]);
    expect(reported({})).toEqual([]);
    expect(reported({ finalsIn: true, stopCause: "deadline" })).toEqual([
      "Stopping duration_reached",
    ]);
    expect(reported({ finalsIn: true, stopCause: "manager" })).toEqual([
      "Stopping stopped_by_user",
    ]);
  });
});

describe("health", () => {
  const running = runIn("Running");
  const health = (seen: Observation, facts = factsAt(60)): string[] =>
    decided(running, seen, facts);

  test("shows the worst problem, and unknown before all others", () => {
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

  test("is degraded while fewer users run than should for 10 s after the ramp, with the script's exception", () => {
    const scriptError = {
      message: "ConnectionError: no seat",
      onStart: false,
      spawning: true,
      endsProcess: false,
    };
    const below = factsAt(60, { belowTargetForMs: POLICY.belowTargetMs });
    const seen = loading({ users: 4, targetUsers: 6, scriptError });
    expect(health(seen, below)).toEqual(["degraded users_below_target"]);
    expect(decide(running, seen, below)).toMatchObject([
      {
        reason: {
          message:
            "4 of 6 users run, and no more come. The script raises: ConnectionError: no seat",
          since: STARTED + 50_000,
        },
      },
    ]);
  });

  test("is unknown with its start time while the master is silent or refuses connections, until it is lost", () => {
    const facts = factsAt(60, { unreachableForMs: 4000.5 });
    expect(health(silent, facts)).toEqual(["unknown master_unresponsive"]);
    const [action] = decide(running, silent, facts);
    expect(action).toMatchObject({ reason: { since: STARTED + 56_000 } });
    const refused: Observation = { ...silence, refused: true };
    expect(health(refused, facts)).toEqual(["unknown master_unreachable"]);
    expect(health(refused, factsAt(60, { unreachableForMs: 10_000 }))).toEqual([
      "kill",
      "Failed master_lost",
    ]);
  });
});

const EVIDENCE = {
  ...{ requests: 100, failures: 90, failedPercent: 90, windowSeconds: 60 },
  ...{ from: new Date(STARTED).toISOString(), to: new Date(STARTED + 60_000).toISOString() },
};

describe("auto-stop in the server", () => {
  test("stops a run whether its master answers or only its metrics arrive", () => {
    const facts = factsAt(75, { autoStop: EVIDENCE });
    expect(decided(runIn("Running"), loading(), facts)).toEqual(["Stopping auto_stop_errors"]);
    expect(decided(runIn("Running"), silent, facts)).toEqual(["Stopping auto_stop_errors"]);
    expect(decided(runIn("Stopping", { stoppingAt: facts.now }), loading(), facts)).toEqual([
      "stop",
    ]);
  });
});

test("a criterion with abort stops a run whether its master answers or only its metrics arrive", () => {
  const times = { fromMs: STARTED + 60_000, toMs: STARTED + 70_000 };
  const breach = { id: "c1", expression: "p95 < 1 s", observed: 1234.567, limit: 1000, ...times };
  const facts = factsAt(75, { breach });
  for (const seen of [loading(), silent])
    expect(decided(runIn("Running"), seen, facts)).toEqual(["Stopping criterion_failed"]);
  expect(criterionFailed(breach)).toMatchObject({
    endCause: "criterion_failed",
    reason: {
      code: "criterion_failed",
      message: "The criterion p95 < 1 s was violated for 10 s: the figure is 1234.57.",
      data: { id: "c1", limit: 1000, from: new Date(times.fromMs).toISOString() },
    },
  });
});

test("the running time of load comes from the plugin, not from the clocks", () => {
  const run = runIn("Running", { durationSeconds: 60 });
  const early = loading({ testStartedAt: STARTED - 300_000, ranMs: 20_000 });
  expect(decided(run, early, factsAt(20))).toEqual(["ok"]);
  const late = loading({ testStartedAt: STARTED + 300_000, ranMs: 71_000 });
  expect(decided(run, late, factsAt(71))).toEqual(["Stopping duration_reached"]);
});

describe("a master that does not answer", () => {
  test("is not waited for after the deadline: the run becomes Stopping", () => {
    const run = runIn("Running", { durationSeconds: 20 });
    expect(decided(run, silent, factsAt(29, { unreachableForMs: 15_000 }))).toEqual([
      "unknown master_unresponsive",
    ]);
    expect(decided(run, silent, factsAt(31, { unreachableForMs: 17_000 }))).toEqual([
      "Stopping duration_reached",
    ]);
  });

  test("while requests prove that load runs: the run is Running with unknown health", () => {
    const run = runIn("Starting");
    const actions = decide(run, silent, factsAt(9, { requestsSeen: 3, unreachableForMs: 5000 }));
    expect(actions).toMatchObject([
      { do: "transition", status: "Running", startedAt: STARTED + 9000 },
      { do: "health", health: "unknown" },
    ]);
  });
});
