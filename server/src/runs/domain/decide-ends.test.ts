import type { EndCause, LoadTestRun } from "@load-manager/contract/model/run.ts";
import { describe, expect, test } from "vitest";
import { PLUGIN_CAPABILITIES as capabilities } from "../../clusters/plugin/observation.ts";
import { NO_CAPABILITIES } from "./capabilities.ts";
import { decide } from "./decide.ts";
import type { Observation } from "./observation.ts";
import { decided, factsAt, loading, runIn, silent, STARTED } from "../testing/decide-fixtures.ts";

describe("a run that was started at Locust itself", () => {
  const external = runIn("Starting", { trigger: "external", externalKey: "b:1" });
  delete external.startSent;

  test("is Failed if Locust does not show it within 15 s", () => {
    const idle: Observation = {
      kind: "ready",
      workers: 2,
      workersExpected: 2,
      engine: {},
      capabilities,
    };
    const foreign = { kind: "foreign", message: "", capabilities } as const;
    for (const seen of [idle, foreign, { kind: "nothing" }] as const) {
      expect(decided(external, seen, factsAt(15))).toEqual([]);
      expect(decided(external, seen, factsAt(16))[0]).toContain("Failed");
    }
  });

  test("is Failed as two_masters at once if its metrics arrive while another master answers", () => {
    const other = { masterInstanceId: "c", capabilities };
    const ready: Observation = {
      ...other,
      kind: "ready",
      workers: 2,
      workersExpected: 2,
      engine: {},
    };
    const foreign: Observation = { ...other, kind: "foreign", message: "" };
    for (const seen of [ready, foreign]) {
      const facts = factsAt(3, { requestsSeen: 9, hasTwoMasters: true });
      expect(decided(external, seen, facts)).toEqual(["Failed two_masters"]);
    }
  });
});

describe("a master that works on another run", () => {
  const run = runIn("Running");
  const other = (masterInstanceId: string): Observation => ({
    kind: "foreign",
    message: "",
    masterInstanceId,
    capabilities,
  });

  test("has ended this run if it is the same master instance: the final metrics say how", () => {
    const finals = factsAt(60, { finalsIn: true, stopCause: "deadline" });
    expect(decided(run, other("b"), finals)).toEqual(["Stopping duration_reached"]);
    expect(decided(run, other("b"), factsAt(60, { endSeenForMs: 14_000 }))).toEqual([]);
    expect(decided(run, other("b"), factsAt(60, { endSeenForMs: 15_000 }))).toEqual([
      "Failed end_unknown",
    ]);
  });

  test("was restarted if it is another master instance", () => {
    expect(decided(run, other("c"), factsAt(60))).toEqual(["Failed master_restarted"]);
  });
});

describe("a stop that has no effect", () => {
  const unsent = runIn("Stopping", { stoppingAt: STARTED, endCause: "stopped_by_user" });
  const stopping = { ...unsent, stopSentAt: STARTED };
  const sent = { stopSentAgoMs: 1000, firstStopAgoMs: 60_000, unreachableForMs: 4000 };

  test("is sent first, and nothing is killed, if the server was away and has not sent it yet", () => {
    for (const seen of [loading(), silent]) {
      expect(decided(unsent, seen, factsAt(600))[0]).toBe("stop");
      expect(decided(unsent, seen, factsAt(600))).not.toContain("kill");
    }
    // The stop was sent by a server that was killed right afterwards.
    const late = factsAt(600, { stopSentAgoMs: 4000, firstStopAgoMs: 4000 });
    expect(decided({ ...unsent, stopSentAt: STARTED }, loading(), late)).toEqual([]);
    const just = factsAt(600, { watchedForMs: 1000 });
    expect(decided(unsent, loading({ phase: "stopping" }), just)).toEqual([]);
    // Locust stops by itself and has hung for as long.
    expect(decided(unsent, loading({ phase: "stopping" }), factsAt(33))).toEqual(["kill"]);
  });

  test("is sent once to a silent master, again to one that answers, and then the processes are ended", () => {
    expect(decided(stopping, silent, factsAt(5))[0]).toBe("stop");
    expect(decided(stopping, silent, factsAt(20, { ...sent, stopSentAgoMs: 20_000 }))).toEqual([
      "unknown master_unresponsive",
    ]);
    expect(decided(stopping, loading(), factsAt(20, { stopSentAgoMs: 20_000 }))).toEqual(["stop"]);
    expect(decided(stopping, loading({ phase: "stopping" }), factsAt(20))).toEqual([]);
    expect(decided(stopping, loading(), factsAt(33, sent))).toEqual(["kill"]);
    expect(decided(stopping, silent, factsAt(33, sent))[0]).toBe("kill");
    // Processes that the server cannot kill: in the end the master counts as lost.
    expect(decided(stopping, silent, factsAt(63, { ...sent, unreachableForMs: 30_000 }))).toEqual([
      "kill",
      "Failed master_lost",
    ]);
    expect(decided(stopping, loading(), factsAt(63, sent))).toEqual([
      "kill",
      "Failed stop_not_confirmed",
    ]);
  });

  test("a page that may be outdated because a clock was set back proves nothing, and the reason says so", () => {
    const clockOffsets = [{ worker: "master", seconds: -300 }];
    const polled = { totalRequests: 100, totalFailures: 0, currentUsers: 10, requestStats: {} };
    const polledPage = loading({ clockOffsets, polledSnapshot: polled });
    const page = { ...polledPage, capabilities: NO_CAPABILITIES } as Observation;
    const messageAt = (seen: Observation) =>
      decide(stopping, seen, factsAt(63, sent)).flatMap((action) =>
        action.do === "transition" && "reason" in action ? [action.reason.message] : [],
      )[0];
    expect(messageAt(page)).toContain("may be outdated: Clocks are off: master by -300.0 s.");
    expect(messageAt(loading({ clockOffsets }))).toBe(
      "A stop was sent to Locust, but the load did not end.",
    );
  });
});

describe("the final status is decided when all metrics are in", () => {
  const stopping = (endCause: EndCause, more: Partial<LoadTestRun> = {}): LoadTestRun => {
    const run = runIn("Stopping", { stoppingAt: STARTED, endCause, ...more });
    delete run.startedAt;
    return run;
  };
  const scriptError = {
    message: "ValueError: no seat",
    onStart: false,
    spawning: true,
    endsProcess: false,
  };
  const ended = (load: Parameters<typeof loading>[0] = {}): Observation =>
    loading({ phase: "ended", requests: 0, users: 0, ...load });
  const whole = (more: Parameters<typeof factsAt>[1] = {}) =>
    factsAt(60, { finalsIn: true, ...more });

  test("a request that completes after the stop counts; without any the run is Failed", () => {
    for (const cause of ["duration_reached", "shape_ended", "users_finished"] as const) {
      expect(decided(stopping(cause), ended({ requests: 3 }), whole())).toEqual([
        `Finished ${cause}`,
      ]);
      expect(decided(stopping(cause), ended(), whole())).toEqual(["Failed no_requests"]);
      expect(decided(stopping(cause), ended(), whole({ requestsSeen: 3 }))).toEqual([
        `Finished ${cause}`,
      ]);
      expect(decided(stopping(cause), ended(), factsAt(60))).toEqual([]);
    }
    const [action] = decide(stopping("duration_reached"), ended({ requests: 3 }), whole());
    expect(action).toMatchObject({ startedAt: STARTED });
  });

  test("a run that was Running, and one whose metrics cannot be read, is not called one without requests", () => {
    const running = runIn("Stopping", { stoppingAt: STARTED, endCause: "duration_reached" });
    expect(decided(running, ended(), whole())).toEqual(["Finished duration_reached"]);
    const unread = whole({ metricsError: "the disk is full" });
    expect(decided(stopping("duration_reached"), { kind: "nothing" }, unread)).toEqual([
      "Finished duration_reached",
    ]);
  });

  test("an end that somebody has decided needs no request; the script's own one does where it could not make users", () => {
    for (const cause of ["stopped_by_user", "stopped_at_locust", "stopped_by_script"] as const)
      expect(decided(stopping(cause), ended(), whole())).toEqual([`Stopped ${cause}`]);
    const failed = ended({ scriptError });
    expect(decided(stopping("stopped_by_script"), failed, whole())).toEqual([
      "Failed spawn_failed",
    ]);
    expect(decided(stopping("stopped_by_user"), failed, whole())).toEqual([
      "Stopped stopped_by_user",
    ]);
  });

  test("the reason has the script's exception, also where only the final metrics name it", () => {
    const run = stopping("duration_reached");
    const gone: Observation = { kind: "dead", code: "master_lost", message: "gone", logTail: [] };
    const [action] = decide(run, gone, whole({ scriptError }));
    expect(action).toMatchObject({
      status: "Failed",
      reason: {
        code: "spawn_failed",
        message: "No user could be started. The script raises: ValueError: no seat",
      },
    });
  });

  test("the last worker's end has the exception that ended it", () => {
    const statusReason = { code: "no_workers", message: "Locust lost its last worker." };
    const run = { ...stopping("failed", { statusReason }), startedAt: STARTED };
    const fatal = { ...scriptError, spawning: false, endsProcess: true };
    expect(decide(run, ended({ requests: 3, scriptError: fatal }), whole())).toMatchObject([
      { reason: { message: `${statusReason.message} The script raises: ${fatal.message}` } },
    ]);
    const failed = stopping("failed", { statusReason });
    const onStart = { ...fatal, onStart: true };
    expect(decided(failed, ended({ scriptError: onStart }), whole())).toEqual([
      "Failed script_failed_on_start",
    ]);
    expect(decided(failed, ended(), whole())).toEqual(["Failed no_workers"]);
  });

  test("requests after a stop because of none are told", () => {
    const statusReason = { code: "no_requests", message: "No request completed." };
    const [action] = decide(stopping("failed", { statusReason }), ended({ requests: 3 }), whole());
    expect(action).toMatchObject({
      status: "Failed",
      reason: {
        code: "no_requests",
        message: "No request completed before the stop; 3 completed after it.",
      },
    });
  });
});

describe("a Locust that is gone or silent", () => {
  const gone: Observation = { kind: "dead", code: "master_lost", message: "gone", logTail: [] };

  test("has ended as its final metrics say", () => {
    const finals = factsAt(60, { finalsIn: true, stopCause: "script" });
    for (const seen of [gone, silent]) {
      for (const status of ["Starting", "Running"] as const) {
        expect(decided(runIn(status), seen, finals)).toEqual(["Stopping stopped_by_script"]);
      }
    }
    expect(decided(runIn("Running"), gone, factsAt(60))).toEqual(["Failed master_lost"]);
    const signalled = factsAt(60, { finalsIn: true, stopCause: "master_ended" });
    expect(decided(runIn("Running"), gone, signalled)).toEqual(["Stopping master_lost"]);
  });
});

test("a lost master that had shown the end of its load leaves none", () => {
  const refused: Observation = { kind: "unreachable", refused: true, message: "ECONNREFUSED" };
  const last = (loadEndSeen: boolean) => {
    const facts = factsAt(60, { unreachableForMs: 10_000, loadEndSeen });
    const [, failed] = decide(runIn("Running"), refused, facts);
    return failed;
  };
  expect(last(false)).not.toHaveProperty("loadEndSeenAt");
  expect(last(true)).toMatchObject({ status: "Failed", loadEndSeenAt: STARTED + 60_000 });
});

test("without the plugin a load that Locust's page shows as stopped was stopped there only if the page goes on to show it", () => {
  const run = runIn("Running");
  const ended = loading({ phase: "ended", masterInstanceId: undefined } as object);
  const after = (ms: number) => factsAt(60, { endSeenForMs: ms });
  expect(decided(run, ended, after(2999))).toEqual([]);
  expect(decided(run, ended, after(3000))).toEqual(["Stopping stopped_at_locust"]);
  expect(decided(run, loading({ phase: "stopping" }), factsAt(60))).toEqual([
    "Stopping stopped_at_locust",
  ]);
});

test("without the plugin the message says what Locust's page cannot tell apart", () => {
  const messageOf = (seen: Observation, more = {}) => {
    const page = { ...seen, capabilities: NO_CAPABILITIES } as Observation;
    const [action] = decide(runIn("Running"), page, factsAt(60, more));
    return action !== undefined && "reason" in action ? action.reason?.message : undefined;
  };
  const polledSnapshot = { totalRequests: 9, totalFailures: 0, currentUsers: 0, requestStats: {} };
  const stopped = loading({ phase: "ended", polledSnapshot });
  expect(messageOf(stopped, { endSeenForMs: 3000 })).toContain("it cannot be told by whom");
  const foreign = { kind: "foreign", message: "busy." } as Observation;
  expect(messageOf(foreign)).toContain("busy. Its master was restarted, or");
});
