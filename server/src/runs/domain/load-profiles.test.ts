import { plannedUsersAt, type Stage } from "@load-manager/contract/model/load-profile.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decided, factsAt, loading, runIn, STARTED } from "../testing/decide-fixtures.ts";
import { isBelowTarget } from "./below-target.ts";
import type { LoadState } from "./observation.ts";
import { nextPhases } from "./phases.ts";
import { POLICY } from "./policy.ts";
import { nextProgress, type Progress } from "./stall.ts";

const SCRIPT = { kind: "script" } as const;
const stagesOf = (stages: readonly Stage[]) => ({ kind: "stages" as const, stages: [...stages] });
const stages = fc.array(
  fc.record(
    {
      durationSeconds: fc.integer({ min: 1, max: 200 }),
      users: fc.integer({ min: 0, max: 500 }),
      spawnRate: fc.double({ min: 0.1, max: 100, noNaN: true }),
    },
    { requiredKeys: ["durationSeconds", "users"] },
  ),
  { minLength: 1, maxLength: 8 },
);
const load = (of: Partial<LoadState>): LoadState => {
  const seen = loading({ loadStartedAt: STARTED, ...of });
  if (seen.kind !== "load") throw new Error("no load");
  return seen.load;
};

describe("stages that go as planned", () => {
  test("are never below their target, stalled or ended, whatever the plan", () => {
    fc.assert(
      fc.property(stages, (plan) => {
        const run = runIn("Running", { loadProfile: stagesOf(plan), durationSeconds: 3600 });
        let progress: Progress | undefined;
        let requests = 100;
        const end = plan.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
        for (let second = 0; second < end; second += 1) {
          const users = plannedUsersAt(plan, second);
          requests += users;
          const of = { users, usersLeft: 0, ranMs: second * 1000, requests };
          const seen = loading({ ...of, targetUsers: users });
          expect(isBelowTarget(run, seen, STARTED + second * 1000)).toBe(false);
          progress = nextProgress(progress, seen, requests, second * 1000);
          const stalledForMs = progress === undefined ? 0 : second * 1000 - progress.at;
          expect(decided(run, seen, factsAt(second, { stalledForMs }))).toEqual(["ok"]);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("have fewer users than planned only where users are missing", () => {
    const plan = [
      { durationSeconds: 10, users: 10, spawnRate: 2 },
      { durationSeconds: 10, users: 0 },
    ];
    const run = runIn("Running", { loadProfile: stagesOf(plan) });
    const below = (users: number, seconds: number, usersLeft = 0): boolean =>
      isBelowTarget(run, loading({ users, usersLeft, ranMs: seconds * 1000 }), 0);
    expect([below(2, 0), below(1, 0), below(4, 1), below(3, 1)]).toEqual([
      ...[false, true, false, true],
    ]);
    expect([below(9, 9), below(8, 9, 2), below(0, 10), below(9, 12)]).toEqual([
      ...[true, false, false, false],
    ]);
  });

  test("have a ramp and a steady phase for each number of users", () => {
    let run = runIn("Running", { loadProfile: stagesOf([{ durationSeconds: 9, users: 0 }]) });
    const look = (users: number, targetUsers: number, seconds: number): void => {
      const phases = nextPhases(run, load({ users, targetUsers }), STARTED + seconds * 1000);
      run = { ...run, ...(phases === undefined ? {} : { phases }) };
    };
    look(0, 0, 1);
    look(0, 0, 2);
    look(3, 6, 3);
    look(6, 6, 5);
    look(6, 0, 7);
    look(0, 0, 8);
    expect(run.phases?.map(({ kind, targetUsers }) => `${kind} ${targetUsers}`)).toEqual([
      ...["ramp 0", "steady 0", "ramp 6", "steady 6", "ramp 0", "steady 0"],
    ]);
  });
});

describe("a load that follows a shape", () => {
  const run: LoadTestRun = runIn("Running", { loadProfile: SCRIPT });

  test("is one phase, whatever its users, and is never below its target", () => {
    const first = nextPhases(run, load({ users: 1, targetUsers: 9 }), STARTED + 1000);
    expect(first).toEqual([{ from: STARTED, kind: "shape" }]);
    const later = { ...run, phases: first ?? [] };
    expect(nextPhases(later, load({ users: 9, targetUsers: 9 }), STARTED + 2000)).toBe(undefined);
    const ending = load({ phase: "stopping", stopIssuedAt: STARTED + 5000 });
    expect(nextPhases(later, ending, STARTED + 6000)).toEqual([
      { from: STARTED, to: STARTED + 5000, kind: "shape" },
    ]);
    expect(isBelowTarget(run, loading({ users: 1, usersLeft: 0 }), STARTED + 60_000)).toBe(false);
  });

  test("that has failed is degraded while its users stay", () => {
    const failed = loading({ shapeError: "ValueError: no plan" });
    expect(decided(run, failed, factsAt(60))).toEqual(["degraded shape_failed"]);
  });
});

describe("a load profile that begins with a pause", () => {
  const pause = loading({ requests: 0, users: 0, targetUsers: 0, usersDied: 0 });
  const waits = loading({ requests: 0, users: 3, targetUsers: 3, usersDied: 0 });
  const late = POLICY.startTimeoutMs + 1000;

  test.each([SCRIPT, stagesOf([{ durationSeconds: 600, users: 0 }])])("%j", (loadProfile) => {
    const run = runIn("Starting", { loadProfile });
    const begun = { hasReported: true, stalledForMs: 0 };
    expect(decided(run, pause, factsAt(late / 1000, begun))).toEqual([]);
    // The time without requests counts from when users are wanted.
    expect(decided(run, waits, factsAt(late / 1000, begun))).toEqual([]);
    const stalled = { ...begun, stalledForMs: late };
    expect(decided(run, waits, factsAt(300, stalled))).toEqual(["Stopping no_requests"]);
  });

  test("the time without requests begins anew after each pause", () => {
    const before = { requests: 0, at: 1000 };
    expect(nextProgress(before, pause, 0, 5000)).toBe(undefined);
    expect(nextProgress(undefined, waits, 0, 6000)).toEqual({ requests: 0, at: 6000 });
  });
});
