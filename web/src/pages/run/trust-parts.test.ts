import type { Trust } from "@load-manager/contract/api/findings.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import { trustParts } from "./trust-parts.ts";

const START = 1_700_000_000_000;
const FINE: Trust = {
  load: { state: "fine", users: 20, targetUsers: 20, reachedAt: START + 7000 },
  generators: {
    state: "fine",
    process: "vm_1",
    cpuPercent: 9.98,
    workers: { expected: 2, lost: 0 },
  },
  data: { state: "fine", gaps: 0, gapSeconds: 0, lastSecondAt: START + 60_000 },
  clocks: { state: "fine", process: "vm_1", offsetMs: 0 },
  percentiles: { state: "fine", error: { relative: 0.016, absoluteMs: 0 } },
};
const WITH_PLUGIN = { loadStartedAt: START, engine: { pluginVersion: "1" } } as RunAnswer;
const textsOf = (changed: Partial<Trust> = {}, run = WITH_PLUGIN): string[] =>
  trustParts(
    { ...FINE, ...changed },
    run,
    START + 60_000,
    false,
    (id) => `worker ${id.slice(3)}`,
  ).map(({ value, note }) => `${value}; ${note}`);

test("figures are no more exact than they are", () => {
  expect(textsOf()).toEqual([
    "20 of 20 users; reached at 0:07",
    "worker 1 at most 10 %; of one CPU core, mean of 10 s; the limit is 90\u00A0%",
    "no gaps; every second has arrived once",
    "within 1 ms; worker 1 is off most",
    "error at most 1.6 %; merged histograms, no averages",
  ]);
});

test("a flaw is never noted as if all were well", () => {
  const load = { ...FINE.load, state: "flawed", users: 10 } as const;
  const data = { ...FINE.data, state: "flawed" } as const;
  const texts = [textsOf({ load, data }), textsOf({ data: { ...data, gaps: 1, gapSeconds: 9 } })];
  expect(texts.map(([first, , third]) => [first, third])).toEqual([
    ["10 of 20 users; all at 0:07, then fewer", "not all has arrived; totals may be too low"],
    ["20 of 20 users; reached at 0:07", "1 gap, 9 s; totals may be too low"],
  ]);
});

test("without the plugin nobody knows that every second has arrived", () => {
  const run = { loadStartedAt: START, engine: { locustVersion: "2" } } as RunAnswer;
  const stateOf = (data: Trust["data"]) =>
    trustParts({ ...FINE, data }, run, START, false, String)[2]?.state;
  expect(textsOf({}, run)[2]).toBe("totals only; not measured without the plugin");
  expect(stateOf(FINE.data)).toBe("unknown");
  // What is missing is said all the same.
  const data = { ...FINE.data, state: "flawed", gaps: 1, gapSeconds: 9 } as const;
  expect(textsOf({ data }, run)[2]).toBe("1 gap, 9 s; totals may be too low");
});
