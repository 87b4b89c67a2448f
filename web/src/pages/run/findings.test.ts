import { expect, test } from "vitest";
import { stretchOf } from "./findings.ts";

const START = 1_000_000;
const at = (seconds: number): number => START + seconds * 1000;
const ended = { loadStartedAt: START, loadEndedAt: at(600) };

test("the time of a finding has a tenth before and after it", () => {
  expect(stretchOf({ since: at(100), until: at(200) }, ended, 0)).toEqual([90, 210]);
});

test("a short one is shown within ten seconds, within the load", () => {
  expect(stretchOf({ since: at(100), until: at(102) }, ended, 0)).toEqual([96, 106]);
  expect(stretchOf({ since: at(-3), until: at(2) }, ended, 0)).toEqual([0, 6]);
  expect(stretchOf({ since: at(599), until: at(700) }, ended, 0)).toEqual([594.5, 600]);
});

test("one that lasts goes until now", () => {
  expect(stretchOf({ since: at(100) }, { loadStartedAt: START }, at(200))).toEqual([90, 200]);
});

test("the whole run, and what was after it, is nothing to show", () => {
  expect(stretchOf({ since: at(0), until: at(600) }, ended, 0)).toBeUndefined();
  expect(stretchOf({ since: at(650), until: at(700) }, ended, 0)).toBeUndefined();
  expect(stretchOf({ since: at(100) }, {}, at(200))).toBeUndefined();
});
