import { expect, test } from "vitest";
import { editAfter, editAfterSave, textOfRevision } from "./script-edit.ts";

test("an edit begins with the newest revision, keeps it, and ends where its text is back", () => {
  const edit = editAfter(undefined, "r1", "a", "ab");
  expect(edit).toEqual({ baseId: "r1", text: "ab" });
  // Another has saved r2 meanwhile: the edit is still one of r1.
  expect(editAfter(edit, "r2", "a", "abc")).toEqual({ baseId: "r1", text: "abc" });
  expect(editAfter(edit, "r1", "a", "a")).toBeUndefined();
});

test("a first script is an edit, even an empty one", () => {
  expect(editAfter(undefined, undefined, "", "")).toEqual({ baseId: undefined, text: "" });
});

test("what was typed during a save stays, on top of what was saved", () => {
  const saved = { id: "r2", text: "ab" };
  expect(editAfterSave({ baseId: "r1", text: "ab" }, saved)).toBeUndefined();
  expect(editAfterSave({ baseId: "r1", text: "abc" }, saved)).toEqual({
    baseId: "r2",
    text: "abc",
  });
});

test("the text of a revision is that of the file that runs", () => {
  const files = [
    { path: "shop.py", content: "shop" },
    { path: "locustfile.py", content: "locust" },
  ];
  expect(textOfRevision({ entrypoint: "locustfile.py", files })).toBe("locust");
});
