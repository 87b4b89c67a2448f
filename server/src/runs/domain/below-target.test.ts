import { expect, test } from "vitest";
import { loading, runIn, silent, STARTED } from "../testing/decide-fixtures.ts";
import { isBelowTarget } from "./below-target.ts";

const ramp = { kind: "ramp", from: STARTED, targetUsers: 10 } as const;
const run = runIn("Running", { spawnRate: 2, phases: [ramp] });
const at = (seconds: number): number => STARTED + seconds * 1000;
const four = loading({ users: 4, usersLeft: 0 });

test("users are below the target once all of them should have been started", () => {
  expect(isBelowTarget(run, four, at(5))).toBe(false);
  expect(isBelowTarget(run, four, at(6))).toBe(true);
  const slower = { ...run, commandedLoad: { targetUsers: 10, spawnRate: 1, at: STARTED } };
  expect(isBelowTarget(slower, four, at(6))).toBe(false);
  const steady = { ...run, phases: [{ ...ramp, kind: "steady" as const }] };
  expect(isBelowTarget(steady, four, at(1))).toBe(true);
});

test("users that left by themselves are not missing", () => {
  expect(isBelowTarget(run, loading({ users: 4, usersLeft: 6 }), at(60))).toBe(false);
  expect(isBelowTarget(run, loading({ users: 4, usersLeft: 5 }), at(60))).toBe(true);
});

test("nothing is said without the plugin, of runs started at Locust, of silence, and while the load stops", () => {
  expect(isBelowTarget(run, loading({ users: 4 }), at(60))).toBe(false);
  expect(isBelowTarget({ ...run, trigger: "external" }, four, at(60))).toBe(false);
  expect(isBelowTarget(run, silent, at(60))).toBe(false);
  const stopping = loading({ users: 4, usersLeft: 0, phase: "stopping" });
  expect(isBelowTarget(run, stopping, at(60))).toBe(false);
});
