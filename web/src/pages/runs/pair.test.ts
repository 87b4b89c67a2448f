import { expect, test } from "vitest";
import { chosenAfter, newerFirst } from "./pair.ts";

test("a third choice takes the place of the first; a second click takes a choice away", () => {
  expect(chosenAfter(["a"], "b")).toEqual(["a", "b"]);
  expect(chosenAfter(["a", "b"], "c")).toEqual(["b", "c"]);
  expect(chosenAfter(["a", "b"], "a")).toEqual(["b"]);
});

test("the newer of two runs comes first", () => {
  const [old, young] = [
    { id: "old", createdAt: 1 },
    { id: "young", createdAt: 2 },
  ];
  expect(newerFirst([old, young])).toEqual([young, old]);
  expect(newerFirst([old])).toBeUndefined();
});
