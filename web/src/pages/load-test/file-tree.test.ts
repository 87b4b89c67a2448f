import { expect, test } from "vitest";
import type { ScriptFile } from "../../api/script-files.ts";
import { fileRows, shownPath, treeOf } from "./file-tree.ts";

const text = (path: string, content = ""): ScriptFile => ({ path, content, encoding: "utf-8" });

test("files are marked by what an edit does to them", () => {
  const before = [text("a.py", "1"), text("b.csv"), text("c.py", "1")];
  const after = [text("c.py", "2"), text("b.csv"), text("d.py")];
  expect(fileRows(before, after).map(({ path, mark }) => [path, mark])).toEqual([
    ["a.py", "deleted"],
    ["b.csv", undefined],
    ["c.py", "edited"],
    ["d.py", "new"],
  ]);
});

test("a tree has folders and then files, each in the order of names", () => {
  const paths = ["z.py", "common/b.py", "common/a.py", "common/data/x.csv", "common.py"];
  const tree = treeOf(
    fileRows(
      [],
      paths.map((path) => text(path)),
    ),
  );
  expect(tree.files.map(({ name }) => name)).toEqual(["common.py", "z.py"]);
  expect(tree.folders).toMatchObject([
    {
      path: "common",
      files: [{ name: "a.py" }, { name: "b.py" }],
      folders: [{ path: "common/data", name: "data", folders: [], files: [{ name: "x.csv" }] }],
    },
  ]);
});

test("the chosen file is shown while it is there", () => {
  const rows = fileRows([text("a.py")], [text("main.py")]);
  expect(shownPath(rows, "a.py", "main.py")).toBe("a.py");
  expect(shownPath(rows, "b.py", "main.py")).toBe("main.py");
  expect(shownPath(rows, undefined, "main.py")).toBe("main.py");
});
