import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { readableLine } from "./log-format.ts";

const linesOf = (write: (log: ReturnType<typeof pino>) => void): string[] => {
  const lines: string[] = [];
  write(pino({}, { write: (line) => lines.push(line) }));
  return lines.map(readableLine);
};

test("a line for people has time, level, event, message and fields; control characters do nothing", () => {
  const [line = ""] = linesOf((log) =>
    log.warn(
      { event: "a_thing", runId: "r-1", n: 3, text: "two words\u001B[2J\u009B2J\u007F" },
      "So\u001B[2J it\u009B is.",
    ),
  );
  expect(line).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} {2}WARN {3}a_thing {2}So \[2J it {2}is\. {2}runId=r-1 n=3 text="two words\\u001b\[2J 2J "\n$/,
  );
});

test("an unexpected error has its stack below; text that is not JSON stays", () => {
  const [line = ""] = linesOf((log) =>
    log.error({ event: "request_failed", err: new Error("broken") }, "A request failed."),
  );
  expect(line).toMatch(/request_failed {2}A request failed\.\nError: broken\n +at /);
  expect(readableLine("plain\n")).toBe("plain\n");
});

const ROOT = new URL("../../../", import.meta.url);
const sources = (folder: string): string[] =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
    .filter(
      (name) => name.endsWith(".ts") && !/\.test\.ts$|(^|\/)(testing|conformance)\//.test(name),
    )
    .map((name) => readFileSync(new URL(join(folder, name), ROOT), "utf8"));

test("docs/logging.md has every event of the server's log, and no other", () => {
  const text = sources("server/src").join("\n");
  const written = [...text.matchAll(/\bevent: "(\w+)"/g)].map(([, name]) => name);
  const jobs = [...text.matchAll(/createPeriodic\(\{\s*name: "(\w+)"/g)].map(
    ([, name]) => `${name}_failed`,
  );
  const docs = readFileSync(new URL("docs/logging.md", ROOT), "utf8");
  const [, tables = ""] = docs.split("\n## Events\n");
  const rows = [...tables.matchAll(/^\| (`[^|]+) \|/gm)].map(([, names]) => names ?? "");
  const described = rows.flatMap((names) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  expect(jobs.length).toBeGreaterThan(5);
  expect(new Set(described)).toEqual(new Set([...written, ...jobs]));
  expect(described.length).toBe(new Set(described).size);
});
