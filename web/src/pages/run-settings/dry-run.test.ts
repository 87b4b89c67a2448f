import { expect, test } from "vitest";
import { lastRunOf, outcomeText } from "./dry-run.ts";

const run = (id: string, status: string) => ({ id, status });
const runsOf = (...recentRuns: readonly object[]) =>
  ({ recentRuns }) as unknown as Parameters<typeof lastRunOf>[0];

test("criteria are tried on the newest run that had a load to its end", () => {
  const runs = runsOf(run("could not", "Failed"), run("stopped", "Stopped"), run("1", "Finished"));
  expect(lastRunOf(runs)?.id).toBe("stopped");
  expect(lastRunOf(runsOf(run("could not", "Failed")))).toBeUndefined();
});

test("the outcome of a criterion says figure, limit and doubt", () => {
  const of = { observed: 341.2, limit: 500, unit: "ms" } as const;
  expect(outcomeText({ ...of, verdict: "passed" })).toBe("341 ms, limit 500 ms");
  expect(outcomeText({ ...of, verdict: "passed", close: true })).toBe(
    "341 ms, limit 500 ms, close",
  );
  const windows = { decided: 20, violated: 3, total: 20 };
  expect(outcomeText({ ...of, limit: 300, verdict: "failed", windows })).toBe(
    "341 ms, limit 300 ms, violated in 3 of 20 windows",
  );
  expect(outcomeText({ ...of, verdict: "passed", windows: { ...windows, violated: 0 } })).toBe(
    "341 ms, limit 500 ms",
  );
  const reason = { code: "no_data", message: "No request matched." } as const;
  expect(
    outcomeText({ unit: "%", observed: null, limit: 1, verdict: "inconclusive", reason }),
  ).toBe("limit 1 %. No request matched.");
});
