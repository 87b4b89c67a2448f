import { expect, test } from "vitest";
import { choiceFrom, classDraftOf, measuredBy, ownClasses, withoutGone } from "./class-choice.ts";
import { numberOfText, textOfValue, valueOfText } from "./option-text.ts";
import {
  moved,
  nextSettingsOf,
  runSettingsOf,
  settingsDraftOf,
  settingsErrors,
  settingsOf,
  withoutHidden,
} from "./settings-draft.ts";
import { classesHead, profileText, rowsHead, stageText, tagsHead } from "./settings-words.ts";

const STAGES = [
  { durationSeconds: 60, users: 50, spawnRate: 2.5 },
  { durationSeconds: 30, users: 0 },
];
const SETTINGS = {
  loadProfile: { kind: "stages", stages: STAGES },
  userClasses: [{ name: "Reader", weight: 3 }, { name: "Buyer" }, { name: "Ops", fixedCount: 1 }],
  includeTags: ["quick"],
  excludeTags: ["payment"],
  scriptOptions: { category: "toys", page: 2, verbose: true, words: ["a", "b"], api_key: "***" },
  environment: { TOKEN: "***", STAGE: "***" },
  workers: 2,
} as const;
type Settings = Parameters<typeof settingsDraftOf>[0];
const stored = SETTINGS as unknown as Settings;
const draft = settingsDraftOf(stored);

test("what is stored comes back from its draft as it was", () => {
  expect(settingsOf(draft)).toEqual(SETTINGS);
  expect(settingsOf(settingsDraftOf({}))).toEqual({ loadProfile: { kind: "constant" } });
});

test("a run names only what differs from its load test, and an empty list for none", () => {
  expect(runSettingsOf(draft, stored)).toEqual({});
  const changed = {
    ...draft,
    profile: "constant" as const,
    userClasses: undefined,
    includeTags: [],
    scriptOptions: [
      ...draft.scriptOptions.filter(({ name }) => name !== "page" && name !== "api_key"),
      { name: "page", value: 3 },
      { name: "api_key", value: "another" },
    ],
    environment: [
      { name: "TOKEN", value: "***" },
      { name: "STAGE", value: "" },
      { name: "", value: "" },
    ],
    workers: "",
  };
  expect(runSettingsOf(changed, stored)).toEqual({
    loadProfile: { kind: "constant" },
    userClasses: [],
    includeTags: [],
    scriptOptions: { page: 3, api_key: "another" },
    environment: { STAGE: "" },
  });
});

test("the next run begins as the last one, with what only the load test has by now", () => {
  const last = { ...stored, environment: { OWN: "***" }, scriptOptions: { page: 5 } };
  const next = settingsDraftOf(nextSettingsOf(stored, last));
  expect(next.environment.map(({ name }) => name)).toEqual(["TOKEN", "STAGE", "OWN"]);
  expect(runSettingsOf(next, stored)).toEqual({
    environment: { OWN: "***" },
    scriptOptions: { page: 5 },
  });
  expect(settingsErrors(next, stored)).toEqual({
    "environment.OWN": "must have its value: *** stands for a stored one, and none is stored",
  });
});

test("a clone has no hidden values", () => {
  expect(withoutHidden(stored)).toMatchObject({ environment: {}, workers: 2 });
  expect(withoutHidden(stored).scriptOptions).not.toHaveProperty("api_key");
});

test("errors that no schema sees are named by their fields", () => {
  const wrong = {
    ...draft,
    stages: [{ duration: "soon", users: "1", spawnRate: "" }],
    userClasses: [],
    environment: [
      { name: "A", value: "1" },
      { name: " A ", value: "2" },
    ],
  };
  expect(settingsErrors(wrong, stored)).toEqual({
    "loadProfile.stages[0].durationSeconds":
      "must be a duration, such as 90 s, 10 min or 1 h 30 min",
    userClasses: "must have at least one class",
    "environment.A": "is there twice",
  });
  expect(settingsErrors({ ...wrong, profile: "constant" }, stored)).not.toHaveProperty(
    "loadProfile.stages[0].durationSeconds",
  );
});

test("stages move, and nothing else of them changes", () => {
  const [one, two] = draft.stages;
  expect(moved(draft.stages, 0, 1)).toEqual([two, one]);
  expect(moved(draft.stages, 1, 0)).toEqual([two, one]);
  expect(moved(draft.stages, 5, 0)).toEqual(draft.stages);
});

test("a chosen class that the script has no more is dropped; without any left the script's own run", () => {
  const chosen = [
    { name: "Reader", by: "weight", amount: "3" },
    { name: "Gone", by: "weight", amount: "" },
  ] as const;
  expect(withoutGone(chosen, "Gone", CLASSES)).toEqual(chosen.slice(0, 1));
  expect(withoutGone(chosen.slice(1), "Gone", CLASSES)).toBeUndefined();
});

const outlineOf = (name: string, weight: number, fixedCount = 0) => ({
  ...{ name, weight, fixedCount },
  tasks: [],
});
const CLASSES = [outlineOf("Reader", 1), outlineOf("Payer", 0), outlineOf("Ops", 1, 2)];

test("the script's own classes are no choice; a choice has the order of the script", () => {
  const own = ownClasses(CLASSES);
  expect(own).toEqual([
    { name: "Reader", by: "weight", amount: "" },
    { name: "Ops", by: "fixedCount", amount: "" },
  ]);
  expect(choiceFrom(own.toReversed(), CLASSES)).toBeUndefined();
  const payer = { name: "Payer", by: "weight", amount: "" } as const;
  const gone = { name: "Gone", by: "weight", amount: "" } as const;
  expect(choiceFrom([gone, ...own, payer], CLASSES)?.map(({ name }) => name)).toEqual([
    "Reader",
    "Payer",
    "Ops",
    "Gone",
  ]);
  expect(choiceFrom([], CLASSES)).toEqual([]);
});

test("a class measured otherwise than in the script has a number of its own", () => {
  const ops = classDraftOf(outlineOf("Ops", 1, 2));
  const weighed = measuredBy(ops, "weight", CLASSES[2]);
  expect(weighed).toEqual({ name: "Ops", by: "weight", amount: "1" });
  expect(measuredBy(weighed, "fixedCount", CLASSES[2])).toEqual(ops);
});

test("values of options of which nothing is known are texts, flags and lists, and read as they were typed", () => {
  for (const value of ["toys", "", "2", true, false, ["a", "b"], []]) {
    expect(valueOfText(textOfValue(value))).toEqual(value);
  }
  expect([valueOfText("[a"), valueOfText("[1]"), valueOfText("True")]).toEqual([
    "[a",
    "[1]",
    "True",
  ]);
  expect(["2", "2.5", "-1", "two", "1.", ""].map(numberOfText)).toEqual([
    2,
    2.5,
    -1,
    "two",
    "1.",
    "",
  ]);
});

test("heads and facts in words", () => {
  const chosen = (...names: readonly string[]) => ({
    ...draft,
    userClasses: draft.userClasses?.filter(({ name }) => names.includes(name)),
  });
  expect(classesHead(chosen("Reader", "Ops"), CLASSES)).toBe("2 of 3 classes");
  expect(classesHead({ ...draft, userClasses: undefined }, CLASSES)).toBeUndefined();
  expect(classesHead(chosen("Reader", "Buyer"), undefined)).toBe("2 classes");
  const one = CLASSES.slice(0, 1);
  expect(classesHead(chosen("Reader", "Buyer"), one)).toBe(
    "1 of 1 class; Buyer is not in the script",
  );
  expect(classesHead(draft, one)).toBe("1 of 1 class; 2 are not in the script");
  expect(tagsHead(draft)).toBe("only quick; without payment");
  expect(rowsHead("scriptOptions", { draft, stored: undefined })).toBe("5 set");
  expect(rowsHead("environment", { draft, stored })).toBe("2 of the load test");
  const own = { ...draft, environment: [{ name: "A", value: "1" }, ...draft.environment] };
  expect(rowsHead("environment", { draft: own, stored })).toBe("1 set");
  expect(profileText({ kind: "stages", stages: STAGES })).toBe("2 stages up to 50 users");
  expect(profileText({ kind: "script" })).toBe("the script’s shape");
  expect(STAGES.map(stageText)).toEqual(["1:00: 50 users, 2.5 users/s", "30 s: 0 users"]);
});
