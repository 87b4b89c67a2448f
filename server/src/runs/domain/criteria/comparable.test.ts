import { describe, expect, test } from "vitest";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { runOf } from "../../../stores/testing/fixtures.ts";
import { countedFaults, differencesOf, type Soundness, unsoundness } from "./comparable.ts";

const run = runOf({
  targetUrl: "http://a",
  targetUsers: 100,
  spawnRate: 10,
  durationSeconds: 60,
  scriptSha256: "aa",
  workers: 2,
  environment: { A: "1", B: "2" },
  engine: { locustVersion: "2.47.0", pluginVersion: "1", workers: 2 },
});

describe("settings that change what is measured", () => {
  test.each<[Partial<LoadTestRun>, string]>([
    [{ scriptSha256: "bb" }, "with another script"],
    [{ targetUrl: "http://b" }, "with the target http://b instead of http://a"],
    [{ loadProfile: { kind: "script" } }, "with another load profile"],
    [{ targetUsers: 50 }, "with 50 users instead of 100"],
    [{ spawnRate: 5 }, "with 5 users/s spawned instead of 10"],
    [{ durationSeconds: 30 }, "with 30 s instead of 60 s"],
    [
      { commandedLoad: { targetUsers: 9, spawnRate: 1, at: 1 } },
      "with users that were changed meanwhile",
    ],
    [{ userClasses: [{ name: "A" }] }, "with other user classes"],
    [{ includeTags: ["a"] }, "with other tags of tasks"],
    [{ excludeTags: ["a"] }, "with other tags of tasks"],
    [{ endpointGroups: [{ pattern: "/a/*" }] }, "with other endpoint groups"],
    [{ scriptOptions: { size: 3 } }, "with another value of the option size"],
    [{ environment: { A: "1", B: "secret" } }, "with another value of the environment variable B"],
    [{ environment: { A: "1" } }, "with another value of the environment variable B"],
    [{ locustClusterId: "far" }, `with the cluster far instead of ${run.locustClusterId}`],
    [{ workers: 4 }, "with 4 workers instead of 2"],
    [
      { engine: { ...run.engine, locustVersion: "2.12.1" } },
      "with Locust 2.12.1 instead of 2.47.0",
    ],
    [{ engine: { locustVersion: "2.47.0" } }, "without the plugin"],
  ])("%j: %s", (change, words) => {
    expect(differencesOf({ ...run, ...change }, run)).toEqual([words]);
  });

  test("several are told together", () => {
    expect(differencesOf({ ...run, targetUsers: 1, workers: 1 }, run)).toEqual([
      "with 1 user instead of 100",
      "with 1 worker instead of 2",
    ]);
  });

  test("are not what a run is called, how it is judged, and when it may be ended", () => {
    const other: Partial<LoadTestRun> = {
      id: "other",
      name: "Other",
      tags: ["x"],
      verdict: "failed",
      criteria: [],
      maxDurationSec: 9,
      stopTimeoutSeconds: 99,
      autoStop: { enabled: false, failedPercent: 1, windowSeconds: 5, minRequests: 1 },
      metadata: { a: 1 },
      scriptRevisionId: "of the same text",
      userClasses: [],
      scriptOptions: {},
      environment: { B: "2", A: "1" },
    };
    expect(differencesOf({ ...run, ...other }, run)).toEqual([]);
  });

  test("of which one is unknown is none", () => {
    const { engine: _, ...unseen } = run;
    expect(differencesOf(unseen, run)).toEqual([]);
  });

  test("secret values of options are compared, and not told", () => {
    const [own, other] = ["a", "b"].map((secret) => ({
      ...run,
      scriptOptions: { password: { secret } },
    }));
    expect(differencesOf(other ?? run, own ?? run)).toEqual([
      "with another value of the option password",
    ]);
  });
});

describe("a run", () => {
  const sound: Soundness = {
    couldNotRun: false,
    isCutShort: false,
    isComplete: true,
    isSaturated: false,
    isLoadNotReached: false,
  };
  test.each<[Partial<Soundness>, string | undefined]>([
    [{}, undefined],
    [{ couldNotRun: true }, "that could not run"],
    [{ isCutShort: true }, "cut short"],
    [{ isComplete: false }, "with metrics missing"],
    [{ isSaturated: true }, "with a saturated generator"],
    [{ isLoadNotReached: true }, "with fewer users than commanded"],
  ])("%j is one %s", (change, words) => {
    expect(unsoundness({ ...sound, ...change })).toBe(words);
  });
});

test("faults are counted, the commonest first", () => {
  expect(countedFaults(["a", "b", "b", "c", "d", "e", "f"])).toBe(
    "2 b, 1 a, 1 c, 1 d, 2 otherwise",
  );
});
