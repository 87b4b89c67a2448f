import { globSync, readFileSync } from "node:fs";
import { VERDICT_REASONS } from "@load-manager/contract/model/criterion.ts";
import { EVENTS, HEALTH_CODES, REASONS } from "@load-manager/contract/model/reasons.ts";
import { expect, test } from "vitest";

const ROOT = new URL("../../../..", import.meta.url).pathname;
const DOCS = readFileSync(`${ROOT}docs/reasons.md`, "utf8");

/** The rows of the table under one heading: name (first column) → other columns. */
const rowsOf = (heading: string): Map<string, string[]> => {
  const section = DOCS.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? "";
  return new Map(
    [...section.matchAll(/^\| `(\w+)` \|(.*)\|$/gm)].map(([, name = "", rest = ""]) => [
      name,
      rest.split("|").map((cell) => cell.trim()),
    ]),
  );
};

/** The names that a pattern captures in the sources. */
const namedIn = (files: string, pattern: RegExp): string[] =>
  globSync(files, { cwd: ROOT })
    .filter((file) => !/\.test\.ts$|\/testing\//.test(file))
    .flatMap((file) =>
      [...readFileSync(`${ROOT}${file}`, "utf8").matchAll(pattern)].map(([, name = ""]) => name),
    );

test.each([
  ["Reasons of a state", REASONS],
  ["Reasons of a health", HEALTH_CODES],
  ["Reasons of a verdict", VERDICT_REASONS],
  ["Events", EVENTS],
] as const)(
  "%s: docs/reasons.md has each of them with its meaning, and no others",
  (heading, list) => {
    const rows = rowsOf(heading);
    expect([...rows.keys()].toSorted()).toEqual(Object.keys(list).toSorted());
    for (const [name, [meaning = ""]] of rows)
      expect([name, meaning.length > 5]).toEqual([name, true]);
    if (heading !== "Events") {
      for (const [name, cells] of rows) {
        expect([name, (cells.at(-1) ?? "").length > 5]).toEqual([name, true]);
      }
    }
  },
);

test("the codes and events that the server records are in the lists", () => {
  const codes = namedIn(
    "{server/src/{runs,clusters},legacy-import/src}/**/*.ts",
    /\bcode: "(\w+)"/g,
  );
  expect(codes.length).toBeGreaterThan(5);
  const lists = [REASONS, HEALTH_CODES, VERDICT_REASONS].flatMap((list) => Object.keys(list));
  const known = new Set([...lists, "custom"]);
  expect(codes.filter((code) => !known.has(code))).toEqual([]);
  const types = namedIn("server/src/{runs,metrics}/**/*.ts", /\btype: "(\w+_\w+|gap|note)"/g);
  expect(types.length).toBeGreaterThan(8);
  expect(types.filter((type) => !(type in EVENTS))).toEqual([]);
});

test("the events that the plugin records are in the list", () => {
  const types = namedIn("locust-plugin/load_manager_locust/**/*.py", /\.event\(\s*"(\w+)"/g);
  expect(types.toSorted()).toEqual(
    [
      ...[
        "auto_stop",
        "clock_offset",
        "endpoint_groups_proposed",
        "endpoints_capped",
        "errors_capped",
        "exceptions_capped",
      ],
      ...[
        "generator_recovered",
        "generator_saturated",
        "listener_failed",
        "locust_report_failed",
        "messages_missing",
      ],
      ...["odd_value", "plugin_version_differs", "script_error"],
      ...["shape_failed", "shape_off", "shape_on"],
      ...["stopped_by_script", "users_left"],
      ...["workers_back", "workers_joined", "workers_lost"],
    ].toSorted(),
  );
  expect(types.filter((type) => !(type in EVENTS))).toEqual([]);
});
