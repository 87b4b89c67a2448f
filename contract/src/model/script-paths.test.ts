import { expect, test } from "vitest";
import { conflictingPaths, entrypointFault, scriptPathFault } from "./script-paths.ts";

test.each([
  "locustfile.py",
  "common/__init__.py",
  "data/Benutzer ä.csv",
  ".env",
  "a..b/c...",
  "tests/locust.py",
  "common/locust/x.py",
  "locust_helpers.py",
  "locust.conf",
  "locust",
  "1:2/x",
])("%s is a path", (path) => {
  expect(scriptPathFault(path)).toBeUndefined();
});

test.each([
  ["", /empty/],
  ["/etc/passwd", /relative/],
  ["//x", /relative/],
  ["C:/x.py", /drive letter/],
  ["c:x.py", /drive letter/],
  ["a//b", /empty parts/],
  ["a/", /empty parts/],
  ["./a", /\. or \.\./],
  ["a/./b", /\. or \.\./],
  ["../a", /\. or \.\./],
  ["a/..", /\. or \.\./],
  ["a\\b", /backslashes/],
  ["..\\a", /backslashes/],
  ["a\u0000b", /control/],
  ["a\nb", /control/],
  ["a\u0085b", /control/],
  ["a\ud800b", /Unicode/],
  ["x".repeat(501), /500 characters/],
  ["ä".repeat(128), /255 bytes/],
  [`${"a/".repeat(32)}b`, /32 parts/],
  ["locust.py", /hide Locust itself/],
  ["locust/__init__.py", /hide Locust itself/],
  ["locust.pyc", /hide Locust itself/],
  ["locust.cpython-311-x86_64-linux-gnu.so", /hide Locust itself/],
  ["load_manager_locust/x.py", /plugin/],
])("%j is refused", (path, message) => {
  expect(scriptPathFault(path)).toMatch(message);
});

test("an entrypoint is a Python file with a name that every Locust takes", () => {
  for (const path of ["load/locustfile.py", "fast_http_locust.py", "load/my-locust.py"]) {
    expect([path, entrypointFault(path)]).toEqual([path, undefined]);
  }
  for (const path of ["locustfile", "a.txt", "load/locust.py", "a,b.py", "-a.py", "~/a.py"]) {
    expect([path, entrypointFault(path)]).toEqual([path, expect.stringMatching(/^must /)]);
  }
});

test("paths that a file system could take for one are found at the later one", () => {
  const at = (...paths: string[]) => conflictingPaths(paths).map(({ index }) => index);
  expect(at("a.py", "common/a.py", "common/b.py", "common/data/c.csv")).toEqual([]);
  expect(at("a.py", "b.py", "a.py")).toEqual([2]);
  expect(at("a.py", "A.py")).toEqual([1]);
  expect(at("straße", "STRASSE")).toEqual([1]);
  expect(at("\u00e9.csv", "e\u0301.csv")).toEqual([1]);
  expect(at("common/a.py", "Common/b.py")).toEqual([1]);
  expect(at("a", "a/b")).toEqual([1]);
  expect(at("a/b", "a")).toEqual([1]);
  expect(at("A/b", "x", "a")).toEqual([2]);
});
