import { expect, test } from "vitest";
import {
  NO_FILES,
  type ScriptFile,
  type ScriptFiles,
  scriptAfter,
  sentScript,
} from "../../api/script-files.ts";
import { editAfter, editAfterSave, type ScriptEdit } from "./script-edit.ts";

const text = (path: string, content: string): ScriptFile => ({ path, content, encoding: "utf-8" });
const PICTURE: ScriptFile = { path: "data/logo.png", content: "iVBORw==", encoding: "base64" };
const BASE: ScriptFiles = {
  entrypoint: "load/main.py",
  files: [text("common/users.py", "u"), PICTURE, text("load/main.py", "a")],
};
const changed = (content: string): ScriptFile => text("load/main.py", content);
const edited = (content: string, baseId = "r1"): ScriptEdit => ({
  baseId,
  changes: new Map([["load/main.py", changed(content)]]),
});
const typed = (edit: ScriptEdit | undefined, latestId: string | undefined, content: string) =>
  editAfter(edit, latestId, BASE, "load/main.py", changed(content));

test("an edit begins with the newest revision, keeps it, and ends where its text is back", () => {
  const edit = typed(undefined, "r1", "ab");
  expect(edit).toEqual(edited("ab"));
  // Another has saved r2 meanwhile: the edit is still one of r1.
  expect(typed(edit, "r2", "abc")).toEqual(edited("abc"));
  expect(typed(edit, "r1", "a")).toBeUndefined();
});

test("an edit keeps every other file and what Locust runs, base64 as it is", () => {
  const edit = typed(undefined, "r1", "ab") ?? edited("");
  expect(sentScript(scriptAfter(BASE, edit.changes))).toEqual({
    entrypoint: "load/main.py",
    files: [text("common/users.py", "u"), PICTURE, changed("ab")],
  });
});

test("a first script is an edit, even an empty one", () => {
  const edit = editAfter(undefined, undefined, NO_FILES, "locustfile.py", undefined);
  expect(edit).toEqual({ baseId: undefined, changes: new Map() });
  const begun = editAfter(edit, undefined, NO_FILES, "locustfile.py", text("locustfile.py", ""));
  expect(scriptAfter(NO_FILES, begun?.changes ?? new Map())).toEqual({
    entrypoint: "locustfile.py",
    files: [text("locustfile.py", "")],
  });
});

test("files are added, renamed and deleted, but never the one that Locust runs", () => {
  const deleted = editAfter(undefined, "r1", BASE, "common/users.py", undefined);
  const renamed = editAfter(deleted, "r1", BASE, "common/people.py", text("common/people.py", "u"));
  const { files } = scriptAfter(BASE, renamed?.changes ?? new Map());
  expect(files.map(({ path }) => path)).toEqual([
    "common/people.py",
    "data/logo.png",
    "load/main.py",
  ]);
  const bare = editAfter(undefined, "r1", BASE, "load/main.py", undefined);
  expect(scriptAfter(BASE, bare?.changes ?? new Map())).toEqual(BASE);
  // What was added and is deleted again is no change.
  const added = editAfter(undefined, "r1", BASE, "x.csv", text("x.csv", ""));
  expect(editAfter(added, "r1", BASE, "x.csv", undefined)).toBeUndefined();
});

test("what was typed during a save stays, on top of what was saved", () => {
  const saved = { id: "r2", files: scriptAfter(BASE, edited("ab").changes).files };
  expect(editAfterSave(edited("ab"), BASE, saved)).toBeUndefined();
  expect(editAfterSave(edited("abc"), BASE, saved)).toEqual(edited("abc", "r2"));
});

test("an edit on top of a newer revision keeps what others have changed in other files", () => {
  const theirs = { ...BASE, files: [text("common/users.py", "theirs"), PICTURE, changed("a")] };
  expect(scriptAfter(theirs, edited("mine").changes).files).toEqual([
    text("common/users.py", "theirs"),
    PICTURE,
    changed("mine"),
  ]);
});
