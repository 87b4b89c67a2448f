import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import { barsOf, failureSeries, type Known } from "./failures-over-time.ts";
import { groupedMarks } from "./marks.ts";
import { runSearchOf } from "./search.ts";
import { viewOf } from "./view.ts";
import {
  isLogAtFirst,
  isOutside,
  loadSeconds,
  presetsOf,
  queryOfWindow,
  steadyPart,
  wholeSeconds,
  windowOf,
} from "./window.ts";

const START = 1_700_000_000_000;
const RUN = {
  loadStartedAt: START,
  loadEndedAt: START + 600_000,
  phases: [
    { from: START, to: START + 60_000, kind: "ramp" as const },
    { from: START + 60_000, to: START + 590_000, kind: "steady" as const },
  ],
};

test("the address of a run: what is no window or text is left out", () => {
  expect(runSearchOf({ window: "steady", from: 5, to: 9, endpoint: "GET /", x: 1 })).toEqual({
    window: "steady",
    from: 5,
    to: 9,
    endpoint: ["GET /"],
  });
  expect(runSearchOf({ window: "all", from: 9, to: 5, endpoint: [3], overlay: 7 })).toEqual({});
  expect(runSearchOf({ from: 1e17, to: 1e21 })).toEqual({});
  expect(runSearchOf({ from: -1, to: Number.POSITIVE_INFINITY })).toEqual({});
});

test("a dragged span becomes whole seconds, one at least, none before the load", () => {
  expect(wholeSeconds([2.4, 9.6])).toEqual({ from: 2000, to: 10_000 });
  expect(wholeSeconds([2.4, 2.45])).toEqual({ from: 2000, to: 3000 });
  expect(wholeSeconds([-4, -1])).toEqual({ from: 0, to: 1000 });
});

test("windows of an ended run, and of one that goes on, whose end moves", () => {
  const now = START + 10_000_000;
  expect(windowOf({}, RUN, now)).toEqual({ kind: "whole", from: 0, to: 600 });
  expect(windowOf({ window: "steady" }, RUN, now)).toEqual({ kind: "steady", from: 60, to: 590 });
  expect(windowOf({ window: "ramp" }, RUN, now)).toEqual({ kind: "ramp", from: 0, to: 60 });
  expect(windowOf({ window: "last5m" }, RUN, now)).toEqual({ kind: "last5m", from: 300, to: 600 });
  expect(windowOf({ from: 1000, to: 9000 }, RUN, now)).toEqual({ kind: "chosen", from: 1, to: 9 });
  const live = { loadStartedAt: START, phases: [] };
  expect(windowOf({ window: "last60s" }, live, START + 90_000)).toMatchObject({ from: 30, to: 90 });
  expect(windowOf({ window: "steady" }, live, START + 90_000).kind).toBe("whole");
  expect([loadSeconds({}, START), loadSeconds(live, START - 5)]).toEqual([0, 0]);
  expect(steadyPart({ ...RUN, phases: [{ from: START + 5000, kind: "steady" }] }, now)).toEqual({
    from: 5,
    to: 600,
  });
});

test("the last minute stays to choose where it is shown when the run ends", () => {
  expect(presetsOf({}, "whole", true)).toEqual(["whole", "last5m", "last60s"]);
  expect(presetsOf(RUN, "whole", false)).toEqual(["whole", "ramp", "steady", "last5m"]);
  expect(presetsOf({}, "last60s", false)).toEqual(["whole", "last5m", "last60s"]);
});

test("a zoom changes no scale: it follows the run's length", () => {
  const { end, range } = viewOf(RUN as unknown as RunAnswer, { from: 1000, to: 9000 }, START);
  expect([range, isLogAtFirst(end)]).toEqual([[1, 9], true]);
  expect(isLogAtFirst(59)).toBe(false);
});

test("a window is outside the run where it begins after its last second", () => {
  const now = START + 10_000_000;
  const from = (seconds: number) => ({ kind: "chosen" as const, from: seconds, to: seconds + 60 });
  expect(isOutside(from(599), RUN, now)).toBe(false);
  expect(isOutside(from(600), RUN, now)).toBe(true);
  const stopping = { ...RUN, finishedAt: START + 605_000 };
  expect([isOutside(from(604), stopping, now), isOutside(from(605), stopping, now)]).toEqual([
    false,
    true,
  ]);
  const live = { loadStartedAt: START, phases: [] };
  expect(isOutside(from(90), live, START + 90_000)).toBe(true);
  expect(isOutside(from(90), live, START + 91_000)).toBe(false);
  const whole = { kind: "whole" as const, from: 0, to: 600 };
  expect(isOutside(whole, RUN, now)).toBe(false);
});

test("the whole run is asked for without bounds", () => {
  expect(queryOfWindow({ kind: "whole", from: 0, to: 9 }, START)).toEqual({});
  expect(queryOfWindow({ kind: "chosen", from: 1, to: 9 }, START)).toEqual({
    from: String(START + 1000),
    to: String(START + 9000),
  });
});

test("marks on each other become one with their number", () => {
  const mark = (at: number, letter: string) => ({ at, letter, message: letter });
  expect(groupedMarks([mark(0, "A"), mark(5, "B"), mark(100, "C")], 1)).toEqual([
    { at: 0, letter: "A", message: "A\nB", count: 2 },
    { at: 100, letter: "C", message: "C", count: 1 },
  ]);
});

test("failures per second: three errors, or two and the rest, and gaps stay gaps", () => {
  const of = (error: string, counts: (number | null)[], name = "/") => ({
    method: "GET",
    name,
    error,
    counts,
  });
  const series = [
    of("a", [2, null]),
    of("a", [2, null], "/x"),
    of("b", [1, null]),
    of("c", [5, null]),
    of("d", [0, null]),
  ];
  const known = (to: number) => ({ from: 0, to, isGrowing: false });
  const all = failureSeries({ t: [0, 2000], stepMs: 2000, series }, [], known(4000));
  expect(all.map(({ label, values }) => [label, values])).toEqual([
    ["c", [2.5, null]],
    ["a", [2, null]],
    ["2 other errors", [0.5, null]],
  ]);
  const one = failureSeries({ t: [0], stepMs: 1000, series }, ["GET /x"], known(1000));
  expect(one.map(({ label, values }) => [label, values[0]])).toEqual([["a", 2]]);
});

test("failures are counted in bars of 5 s, or wider ones where those were too many", () => {
  expect(barsOf({ from: 0, to: 60 })).toBe(13);
  expect(barsOf({ from: 20, to: 30 })).toBe(3);
  expect(barsOf({ from: 0, to: 86_400 })).toBe(121);
});

test("a bar is divided by the time of it that the window has, and is left out while it grows", () => {
  const series = [{ method: "GET", name: "/", error: "a", counts: [6, 10, 4] }];
  const values = (known: Known): unknown =>
    failureSeries({ t: [0, 5000, 10_000], stepMs: 5000, series }, [], known)[0]?.values;
  expect(values({ from: 2000, to: 12_000, isGrowing: false })).toEqual([2, 2, 2]);
  expect(values({ from: 2000, to: 12_000, isGrowing: true })).toEqual([2, 2, null]);
  expect(values({ from: 2000, to: 10_000, isGrowing: true })).toEqual([2, 2, null]);
});
