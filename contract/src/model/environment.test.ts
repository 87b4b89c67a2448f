import { expect, test } from "vitest";
import { environmentFaults } from "./environment.ts";
import { HiddenTexts, withoutValues } from "./hidden-values.ts";

test.each([
  "LOCUST_RUN_TIME",
  "LOCUST_",
  "LOAD_MANAGER_TOKEN",
  "PATH",
  "PYTHONPATH",
  "PYTHON_ANYTHING",
  "LD_PRELOAD",
  "HOME",
  "TMPDIR",
  "1ST",
  "A-B",
  "A=B",
  "",
  "A".repeat(129),
])("the name %j is refused", (name) => {
  expect(environmentFaults({ FINE: "x", [name]: "x" })).toMatchObject([{ name }]);
});

test("other names and odd values are taken", () => {
  const variables = {
    MY_PATH: "/a",
    LOCUSTS: "",
    pythonic: "x",
    _: "ü\n☃",
    A1: "x".repeat(32_768),
  };
  expect(environmentFaults(variables)).toEqual([]);
});

test("values, their number and their length have limits", () => {
  expect(environmentFaults({ A: "a\0b" })).toMatchObject([{ name: "A" }]);
  expect(environmentFaults({ A: "x".repeat(32_769) })).toMatchObject([{ name: "A" }]);
  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, value]));
  expect(environmentFaults(many(100, ""))).toEqual([]);
  expect(environmentFaults(many(101, ""))).toEqual([
    { message: "must have at most 100 variables" },
  ]);
  expect(environmentFaults(many(9, "x".repeat(32_000)))).toMatchObject([{ message: /at most/ }]);
});

test("answers show names alone", () => {
  expect(HiddenTexts.encode({ TOKEN: "geheim", EMPTY: "" })).toEqual({
    TOKEN: "***",
    EMPTY: "***",
  });
});

test("hidden values are taken out of texts, the longest first; short ones are left", () => {
  const values = ["secret-1", "secret-1-and-more", "yes", "first line\nsecond line"];
  const text = "yes: secret-1-and-more, secret-1; second line";
  expect(withoutValues(text, values)).toBe("yes: ***, ***; ***");
});
