import { expect, test } from "vitest";
import {
  bytesOf,
  changesBetween,
  checkedScript,
  clonedScript,
  differencesOf,
  entrypointText,
  isShown,
  newPathFault,
  NO_FILES,
  type ScriptFile,
  type ScriptFiles,
  sizeOf,
} from "./script-files.ts";

const text = (path: string, content: string): ScriptFile => ({ path, content, encoding: "utf-8" });
const PICTURE: ScriptFile = { path: "data/logo.png", content: "iVBORw==", encoding: "base64" };
const BASE: ScriptFiles = {
  entrypoint: "load/main.py",
  files: [text("common/users.py", "u"), PICTURE, text("load/main.py", "a")],
};
const changed = (content: string): ScriptFile => text("load/main.py", content);

test("changes between two revisions are those of content, by path", () => {
  const after = [text("a.csv", "1"), { ...PICTURE, content: "AAAA" }, text("load/main.py", "a")];
  expect([...changesBetween(BASE.files, after).keys()]).toEqual([
    "a.csv",
    "common/users.py",
    "data/logo.png",
  ]);
  expect(changesBetween(BASE.files, BASE.files.toReversed()).size).toBe(0);
});

test("a check has all Python, the packages and settings of Locust, and no data", () => {
  const script = {
    ...BASE,
    files: [...BASE.files, text("locust.conf", "users = 5"), text("requirements.txt", "faker")],
  };
  expect(checkedScript(script).files.map(({ path }) => path)).toEqual([
    "common/users.py",
    "load/main.py",
    "locust.conf",
    "requirements.txt",
  ]);
});

test("the text of a script is that of the file that runs", () => {
  expect(entrypointText(BASE)).toBe("a");
  expect(entrypointText(NO_FILES)).toBe("");
});

test("a clone of several files has them all, with the text as it was edited", () => {
  expect(clonedScript(BASE, "b")?.files).toEqual([
    text("common/users.py", "u"),
    PICTURE,
    changed("b"),
  ]);
  const one = { entrypoint: "locustfile.py", files: [text("locustfile.py", "a")] };
  expect(clonedScript(one, "b")).toBeUndefined();
  expect(clonedScript(undefined, "b")).toBeUndefined();
});

test("differences have both sides; one is absent where a file is new or gone", () => {
  const after = [text("a.csv", "1"), PICTURE, changed("b")];
  expect(differencesOf(BASE.files, after)).toEqual([
    { path: "a.csv", before: undefined, after: text("a.csv", "1") },
    { path: "common/users.py", before: text("common/users.py", "u"), after: undefined },
    { path: "load/main.py", before: changed("a"), after: changed("b") },
  ]);
});

test("text is shown, and not what is binary or very large", () => {
  expect(isShown(text("a.csv", "x"))).toBe(true);
  expect(isShown(PICTURE)).toBe(false);
  expect(isShown(text("a.bin", "a\0b"))).toBe(false);
  expect(isShown(text("a.csv", "x".repeat(1_000_001)))).toBe(false);
});

test("bytes are those of the file, whatever its encoding", () => {
  expect([...bytesOf(PICTURE)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  expect([...bytesOf(text("a", "ü"))]).toEqual([0xc3, 0xbc]);
  for (const content of ["", "AA==", "AAA=", "AAAA"]) {
    const file: ScriptFile = { path: "a", content, encoding: "base64" };
    expect(sizeOf(file)).toBe(bytesOf(file).length);
  }
  expect(sizeOf(text("a", "ü"))).toBe(2);
});

test("a new path must be one, and no other's", () => {
  const others = ["common/users.py", "load/main.py"];
  expect(newPathFault(others, "data/users.csv")).toBeUndefined();
  expect(newPathFault(others, "../x")).toMatch(/\. or \.\./);
  expect(newPathFault(others, "locust.py")).toMatch(/hide Locust itself/);
  expect(newPathFault(others, "load/main.py")).toMatch(/twice/);
  expect(newPathFault(others, "Load/main.py")).toMatch(/in case/);
  expect(newPathFault(others, "common")).toMatch(/a file and a folder/);
});
