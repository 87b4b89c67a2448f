import { expect, test } from "vitest";
import {
  candidatesOf,
  entrypointAmong,
  filesAmong,
  pathsAsScript,
  replacementOf,
} from "./upload.ts";

test("folders and what programs add are no files of a script", () => {
  const names = ["shop/", "shop/a.py", "__MACOSX/shop/._a.py", "shop/.DS_Store", "shop/.env"];
  expect(filesAmong(names)).toEqual(["shop/a.py", "shop/.env"]);
});

test("a folder at the top is left away, unless the entrypoint names it", () => {
  const paths = ["shop/locustfile.py", "shop/common/a.py"];
  expect(pathsAsScript(paths, "locustfile.py")).toEqual(["locustfile.py", "common/a.py"]);
  expect(pathsAsScript(paths, "shop/locustfile.py")).toEqual(paths);
  expect(pathsAsScript(["a.py", "b/c.py"], "a.py")).toEqual(["a.py", "b/c.py"]);
});

test("Locust runs the file as before, or the usual one, or the only one", () => {
  expect(entrypointAmong(["load/main.py", "locustfile.py"], "load/main.py")).toBe("load/main.py");
  expect(entrypointAmong(["shop/locustfile.py", "shop/a.py"], "main.py")).toBe("locustfile.py");
  expect(entrypointAmong(["a.py", "b.csv"], "main.py")).toBe("a.py");
  expect(entrypointAmong(["a.py", "b.py"], "main.py")).toBeUndefined();
  expect(candidatesOf(["shop/a.py", "shop/b.csv"])).toEqual(["a.py", "shop/a.py"]);
});

test("what an upload does to the files is known before", () => {
  expect(replacementOf(["a.py", "b.py"], ["c.py", "a.py"])).toEqual({
    added: ["c.py"],
    replaced: ["a.py"],
    deleted: ["b.py"],
  });
});
