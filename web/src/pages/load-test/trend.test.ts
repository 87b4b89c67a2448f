import { expect, test } from "vitest";
import { outcomeOf, piecesOf, trackOf, markOf } from "./trend.ts";

test("the line is open where a run has no figure", () => {
  expect(piecesOf(trackOf([336, 333, null, 329, 376]))).toEqual([
    [0, 1],
    [3, 4],
  ]);
});

test("one value far above the others is named at the top, and does not flatten them", () => {
  const track = trackOf([336, 333, 1240, 329]);
  expect(track.top).toBe(400);
  expect(track.values[2]).toEqual({ value: 1240, share: 1, isBeyond: true });
  expect(track.values[0]).toMatchObject({ share: 336 / 400, isBeyond: false });
  expect(piecesOf(track)).toEqual([[0, 1], [3]]);
});

test("two values have no usual one, so both are on the scale", () => {
  expect(trackOf([10, 1000]).values.every((placed) => placed?.isBeyond === false)).toBe(true);
});

test("nothing known makes an empty track", () => {
  expect(trackOf([null, null])).toEqual({ top: 1, values: [null, null] });
  expect(piecesOf(trackOf([]))).toEqual([]);
});

test("only what ended has an outcome", () => {
  expect(outcomeOf({ status: "Running" })).toBe("under way");
  expect(outcomeOf({ status: "Failed" })).toBe("could not run");
});

test("a mark is the verdict, and without one how the run ended", () => {
  expect(markOf({ status: "Stopped", verdict: "failed" })).toBe("failed");
  expect(markOf({ status: "Stopped", verdict: "none" })).toBe("stopped");
  expect(markOf({ status: "Finished", verdict: "none" })).toBe("finished");
});
