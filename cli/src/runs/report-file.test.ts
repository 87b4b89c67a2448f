import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { expect, test } from "vitest";
import { reportFile } from "./report-file.ts";
import { prepareReports } from "./reports.ts";

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder, ...parts);

test("a report is written into a folder that is made, in the place of an older one, and leaves nothing beside it", () => {
  const file = reportFile("--junit", at("reports", "deep", "load.xml"));
  expect(readdirSync(at("reports", "deep"))).toEqual([]);
  file.write("one");
  file.write("two");
  expect(readdirSync(at("reports", "deep"))).toEqual(["load.xml"]);
  expect(readFileSync(at("reports", "deep", "load.xml"), "utf8")).toBe("two");
});

test("the report of an earlier run is gone before the run starts, once all options are right", () => {
  writeFileSync(at("old.xml"), "old");
  writeFileSync(at("old-target.md"), "old");
  symlinkSync("old-target.md", at("old-link.md"));
  const options = { junit: at("old.xml"), markdown: at("old-link.md") };
  expect(() => prepareReports({ ...options, json: at("old.xml") })).toThrow("same file");
  expect(readFileSync(at("old.xml"), "utf8")).toBe("old");
  prepareReports({ ...options, json: "/dev/null" });
  expect([existsSync(at("old.xml")), existsSync(at("old-target.md"))]).toEqual([false, false]);
  expect(readlinkSync(at("old-link.md"))).toBe("old-target.md");
});

test("a link stays a link, and a pipe a pipe", () => {
  writeFileSync(at("target.md"), "old");
  symlinkSync("target.md", at("link.md"));
  reportFile("--markdown", at("link.md")).write("new");
  expect([readlinkSync(at("link.md")), readFileSync(at("target.md"), "utf8")]).toEqual([
    "target.md",
    "new",
  ]);
  const device = reportFile("--markdown", "/dev/null");
  device.write("gone");
  expect(existsSync("/dev/null")).toBe(true);
  expect(execFileSync("stat", ["-c", "%F", "/dev/null"], { encoding: "utf8" })).toBe(
    "character special file\n",
  );
});

test("what cannot be written is refused before there is a report, by its option", () => {
  mkdirSync(at("folder"));
  writeFileSync(at("a-file"), "");
  expect(() => reportFile("--junit", at("folder"))).toThrow(
    /^--junit .*folder cannot be written: it is a folder\.$/,
  );
  expect(() => reportFile("--json", at("a-file", "x.json"))).toThrow(
    /^--json .*x\.json cannot be written: .*(?:ENOTDIR|EEXIST)/,
  );
  expect(() =>
    prepareReports({ junit: at("same"), json: join(folder, "folder", "..", "same") }),
  ).toThrow(/--junit and --json name the same file/);
  expect(existsSync(at("same"))).toBe(false);
});
