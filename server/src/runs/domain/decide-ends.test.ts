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
