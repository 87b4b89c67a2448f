import { expect, test } from "vitest";
import { chosenSpan, cursorText, movedCursor } from "./chart-cursor.ts";

const TIMES = [0, 10, 20, 30];

test("the cursor goes from point to point, and stays at the ends", () => {
  expect(movedCursor(TIMES, undefined, 1, false)).toEqual({ at: 0 });
  expect(movedCursor(TIMES, undefined, -1, false)).toEqual({ at: 30 });
  expect(movedCursor(TIMES, { at: 10 }, 1, false)).toEqual({ at: 20 });
  // Where the mouse has left it, between two points.
  expect(movedCursor(TIMES, { at: 18 }, 1, false)).toEqual({ at: 30 });
  expect(movedCursor(TIMES, { at: 30 }, 1, false)).toEqual({ at: 30 });
  expect(movedCursor([], undefined, 1, false)).toBeUndefined();
});

test("with Shift the window from the first cursor on is chosen, until it moves without", () => {
  const first = movedCursor(TIMES, { at: 20 }, -1, true);
  expect(first).toEqual({ at: 10, anchor: 20 });
  const second = movedCursor(TIMES, first, -1, true);
  expect(chosenSpan(second)).toEqual([0, 20]);
  expect(chosenSpan(movedCursor(TIMES, second, 1, false))).toBeUndefined();
  expect(chosenSpan({ at: 10, anchor: 10 })).toBeUndefined();
});

test("the text has the values of the points in which the cursor lies; gaps are unknown", () => {
  const of = (label: string, values: readonly (number | null)[]) => ({
    label,
    color: "--load",
    values,
    format: (value: number) => `${value} /s`,
  });
  const parts = [
    {
      title: "Load",
      times: TIMES,
      series: [of("Requests", [1, 2, 3, 4]), of("Users", [1, 2, null, 4])],
    },
    { title: "Failures", times: [0, 15], series: [of("sold out", [7, 8])] },
    { title: "Nothing", times: [], series: [] },
  ];
  const text = cursorText({ at: 20, anchor: 10 }, parts, 0);
  expect(text).toMatch(/^0:20, \d\d:\d\d:20\. Window 0:10 to 0:20, Enter zooms to it\. /);
  expect(text).toMatch(/Load: Requests 3 \/s, Users unknown\. Failures: sold out 8 \/s$/);
});
