import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { expect, test } from "vitest";
import { readTestsFile } from "./tests-file.ts";

const SCOPE = { accountId: "acme", orgId: "web", projectId: "shop" };
const SCOPE_LINES = "accountId: acme\norgId: web\nprojectId: shop\n";

const fileOf = (text: string, others: Record<string, string> = {}): string => {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries({ ...others, "t.yaml": text })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return join(folder, "t.yaml");
};

const read = (text: string, others = {}, variables: Record<string, string> = {}) =>
  readTestsFile(fileOf(text, others), undefined, variables);

test("names its scope, its load tests with the fields that are written, and their scripts", () => {
  const text = `${SCOPE_LINES}envId: staging
loadTests:
  - name: Shop
    targetUrl: \${URL:-http://shop.example}
    defaultUsers: \${USERS}
    tags: null
    description: null
    environment: { PIN: "\${PIN}" }
    criteria: [p95 < 300 ms, { expression: errorRate < 1 %, severity: warn }]
    script: load
    entrypoint: main.py
  - { name: Other, script: other.py }
`;
  const files = {
    "load/main.py": "x = 1",
    "load/.load-manager-ignore": "notes/",
    "load/notes/a": "x",
    "load/.DS_Store": "x",
    "other.py": "y = 1",
  };
  const variables = { USERS: "20", PIN: "1234" };
  expect(() => read(text, files, variables)).toThrow(/t.yaml:9:5: loadTests\[0\].tags must be/);
  const valid = text.replace("    tags: null\n", "");
  const { scope, entries } = read(valid, files, variables);
  expect(scope).toEqual({ ...SCOPE, envId: "staging" });
  expect(entries.map(({ name }) => name)).toEqual(["Shop", "Other"]);
  expect(entries[0]?.settings).toEqual({
    targetUrl: "http://shop.example",
    defaultUsers: 20,
    description: null,
    environment: { PIN: "1234" },
    criteria: [
      { expression: "p95 < 300 ms", severity: "fail" },
      { expression: "errorRate < 1 %", severity: "warn" },
    ],
  });
  const [first, second] = entries.map(({ script }) => script);
  expect([first?.entrypoint, [...(first?.files.keys() ?? [])]]).toEqual(["main.py", ["main.py"]]);
  expect([second?.entrypoint, second?.files.get("other.py")?.toString()]).toEqual([
    "other.py",
    "y = 1",
  ]);
  const other = { ...SCOPE, projectId: "other" };
  expect(readTestsFile(fileOf("loadTests: []\n"), other).scope).toEqual(other);
});

const withTest = (lines: string): string => `${SCOPE_LINES}loadTests:\n  - name: A\n${lines}`;

test.each([
  ["loadTests: [\n", "2:1: this is not YAML"],
  ["- a\n", "1:1: this must be a map"],
  ["accountId: a\nloadTests: []\n", "1:1: orgId is required"],
  ["accountId: a b\norgId: o\nprojectId: p\nloadTests: []\n", "1:1: accountId must not contain"],
  [`${SCOPE_LINES}loadTest: []\n`, '4:1: loadTest is not a setting (did you mean "loadTests"?)'],
  [`${SCOPE_LINES}loadTests:\n  - targetUrl: http://a\n`, "5:5: loadTests[0].name is required"],
  [
    withTest("    defaultUser: 3\n"),
    '6:5: loadTests[0].defaultUser is not a setting (did you mean "defaultUsers"?)',
  ],
  [
    withTest("    autoStop: { enable: true }\n"),
    '6:17: loadTests[0].autoStop.enable is not a setting (did you mean "enabled"?)',
  ],
  [withTest("    defaultUsers: 0\n"), "6:5: loadTests[0].defaultUsers must be a whole number"],
  [
    withTest("    criteria:\n      - rps > 1\n      - p95 < 300\n"),
    "8:9: loadTests[0].criteria[1].expression column 7: a unit is missing",
  ],
  [withTest("    targetUrl: ${URL}\n"), "6:5: loadTests[0].targetUrl needs the variable URL"],
  [withTest("  - name: A\n"), "6:5: loadTests[1].name is the name of loadTests[0] too"],
  [withTest("    script: gone\n"), "6:5: loadTests[0].script is no file and no folder: "],
  [withTest("    script: .\n"), "6:5: loadTests[0].script has no locustfile.py; entrypoint names"],
  [withTest("    script: t.yaml\n    entrypoint: t.yaml\n"), "is a file, which has no entrypoint"],
  [withTest("    entrypoint: a.py\n"), "6:5: loadTests[0].entrypoint is for a script"],
  [withTest("    updatedBy: me\n"), "6:5: loadTests[0].updatedBy is not a setting"],
])("%j is refused: %s", (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test("all faults are told at once, in the order of their lines, without a value", () => {
  const lines = "    workers: many\n    environment: { PATH: a-long-secret }\n    tag: [a]\n";
  const told = (): string => {
    try {
      read(withTest(lines));
      return "";
    } catch (error) {
      return String(error);
    }
  };
  expect([...told().matchAll(/t\.yaml:(\d+:\d+)/g)].map(([, place]) => place)).toEqual([
    "6:5",
    "7:20",
    "8:5",
  ]);
  expect(told()).not.toContain("a-long-secret");
});

test("a file that is not there is named", () => {
  expect(() => readTestsFile("nowhere.yaml", undefined)).toThrow(/There is no nowhere\.yaml/);
});
