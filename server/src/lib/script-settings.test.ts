import { expect, test } from "vitest";
import { assertFitsScript, concernsScript } from "./script-settings.ts";

const classOf = (name: string) => ({ name, weight: 1, fixedCount: 0, tasks: [] });
const KNOWN = {
  userClasses: ["Reader", "Buyer"].map(classOf),
  shapeClasses: [],
  tags: ["quick", "slow"],
};
type Settings = Parameters<typeof assertFitsScript>[0];

const faultsOf = (settings: Settings, known: Parameters<typeof assertFitsScript>[1] = KNOWN) => {
  try {
    assertFitsScript(settings, known);
    return [];
  } catch (error) {
    const { fields } = error as { fields: { field: string; message: string }[] };
    return fields.map(({ field, message }) => `${field} ${message}`);
  }
};

test("settings that the script does not fit are named, with the nearest name", () => {
  const settings: Settings = {
    userClasses: [{ name: "Buyer" }, { name: "Redaer", weight: 2 }],
    includeTags: ["quick", "payment"],
    excludeTags: ["slwo"],
    loadProfile: { kind: "script" },
  };
  expect(faultsOf(settings)).toEqual([
    'userClasses[1].name is no User class of the script (did you mean "Reader"?); it has Buyer, Reader',
    "includeTags[1] is a tag that no task of the script has; it has quick, slow",
    'excludeTags[0] is a tag that no task of the script has (did you mean "slow"?); it has quick, slow',
    "loadProfile cannot be script: the script has no LoadTestShape",
  ]);
  expect(faultsOf({ includeTags: ["a"] }, { ...KNOWN, tags: [] })).toEqual([
    "includeTags[0] is a tag that no task of the script has; it has none",
  ]);
  expect(faultsOf(settings, { ...KNOWN, shapeClasses: ["Steps"] })).toHaveLength(3);
});

test("what fits is taken, and so is what a shortened outline may lack", () => {
  const loadProfile = { kind: "constant" as const };
  const userClasses = [{ name: "Reader" }];
  expect(faultsOf({ userClasses, includeTags: ["slow"], excludeTags: [], loadProfile })).toEqual(
    [],
  );
  const many = Array.from({ length: 500 }, (_, index) => String(index));
  const known = { ...KNOWN, userClasses: many.slice(0, 200).map(classOf), tags: many };
  expect(faultsOf({ userClasses, includeTags: ["slow"] }, known)).toEqual([]);
});

test("a run without such settings concerns no script", () => {
  expect(concernsScript({})).toBe(false);
  expect(concernsScript({ userClasses: [], loadProfile: { kind: "constant" } })).toBe(false);
  expect(concernsScript({ excludeTags: ["a"] })).toBe(true);
  expect(concernsScript({ loadProfile: { kind: "script" } })).toBe(true);
});
