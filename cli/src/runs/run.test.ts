import { expect, test } from "vitest";
import { exitCodeOfRun, exitCodeOfRuns, FAILING } from "../remote/exit-code.ts";
import { secondsOf } from "./run.ts";

test.each([
  ["90", 90],
  ["90s", 90],
  ["5m", 300],
  ["1h30m", 5400],
  ["2h5s", 7205],
])("a duration of %s has %i seconds", (text, seconds) => {
  expect(secondsOf(text)).toBe(seconds);
});

test.each(["", "0", "x", "5 parsecs", "-3", "1m2h"])("%j is no duration", (text) => {
  expect(() => secondsOf(text)).toThrow(/such as 90s, 5m or 1h30m/);
});

const reason = (code: string) => ({ code, message: "" }) as never;

test.each([
  ["Finished", "duration_reached", "none", FAILING, 0],
  ["Finished", "duration_reached", "passed", FAILING, 0],
  ["Finished", "duration_reached", "failed", FAILING, 2],
  ["Finished", "duration_reached", "failed", ["inconclusive"], 0],
  ["Finished", "duration_reached", "inconclusive", FAILING, 3],
  ["Finished", "duration_reached", "inconclusive", ["failed"], 0],
  ["Stopped", "stopped_by_user", "none", FAILING, 4],
  ["Stopped", "stopped_by_user", "inconclusive", FAILING, 4],
  ["Stopped", "stopped_by_user", "failed", FAILING, 2],
  ["Failed", "locust_exited", "inconclusive", FAILING, 5],
  ["Stopped", "expired", "inconclusive", FAILING, 6],
] as const)(
  "%s (%s) with the verdict %s, where %j fail: exit %i",
  (status, code, verdict, failOn, exit) => {
    const run = { status, verdict, statusReason: reason(code) };
    expect(exitCodeOfRun(run, failOn)).toBe(exit);
  },
);

test("the exit code of several runs is the worst", () => {
  const passed = { status: "Finished", verdict: "passed", statusReason: reason("") } as const;
  const unsure = { ...passed, verdict: "inconclusive" } as const;
  const stopped = { ...unsure, status: "Stopped" } as const;
  const expired = { ...stopped, statusReason: reason("expired") };
  const broken = { ...unsure, status: "Failed" } as const;
  const failed = { ...passed, verdict: "failed" } as const;
  const codes = [
    [passed],
    [passed, unsure],
    [unsure, stopped],
    [stopped, expired],
    [expired, broken],
  ];
  expect(codes.map((runs) => exitCodeOfRuns(runs, FAILING))).toEqual([0, 3, 4, 6, 5]);
  expect(exitCodeOfRuns([broken, failed, passed], FAILING)).toBe(2);
  expect(exitCodeOfRuns([failed, passed], ["inconclusive"])).toBe(0);
  expect(exitCodeOfRuns([], FAILING)).toBe(0);
  // Interrupted after the second of three.
  expect(exitCodeOfRuns([passed, passed], FAILING, 3)).toBe(4);
  expect(exitCodeOfRuns([passed, failed], FAILING, 3)).toBe(2);
  expect(exitCodeOfRuns([passed, passed, passed], FAILING, 3)).toBe(0);
});
