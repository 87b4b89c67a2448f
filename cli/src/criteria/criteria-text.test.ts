import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { describe, expect, test } from "vitest";
import { checkArguments, checkFile, criteriaIn, formatCriterion } from "./criteria-text.ts";

const folder = temporaryFolder();
const fileOf = (text: string): string => {
  const file = join(folder, "gate.criteria");
  writeFileSync(file, text);
  return file;
};

describe("a file of criteria", () => {
  test("has one a line; comments and empty lines are left out, warn: is a warning", () => {
    const file = fileOf(
      "\uFEFF# what must hold\r\n\r\np95(POST /checkout)<0.5s over steady\r\n  # soon\n\twarn: max < 2 s\nfail : p95(GET /#/a:b) < 1 s\n",
    );
    const criteria = criteriaIn(file);
    expect(criteria).toEqual([
      { expression: "p95(POST /checkout) < 500 ms over steady", severity: "fail" },
      { expression: "max < 2000 ms", severity: "warn" },
      { expression: "p95(GET /#/a:b) < 1000 ms", severity: "fail" },
    ]);
    // What is printed is read again.
    const again = fileOf(criteria.map(formatCriterion).join("\n"));
    expect(criteriaIn(again)).toEqual(criteria);
  });

  test("names file, line and column of every fault, marks it, and proposes", () => {
    const file = fileOf("rps > 1\np95 < 300\n\n\twarn: errorRat < 5 %\nwarning: avg < 1 s\np95 <");
    const { criteria, faults } = checkFile(file);
    expect(criteria).toHaveLength(1);
    expect(faults).toEqual([
      `${file}:2:7: a unit is missing: ms, s, min, h (did you mean "300 ms"?)\n  p95 < 300\n        ^^^`,
      expect.stringMatching(
        /gate\.criteria:4:8: the metric errorRat is unknown.*\(did you mean "errorRate"\?\)\n {2}\twarn: errorRat < 5 %\n {2}\t {6}\^{8}$/,
      ),
      `${file}:5:1: the severity warning is unknown; known are fail and warn (did you mean "warn"?)\n  warning: avg < 1 s\n  ^^^^^^^`,
      `${file}:6:6: a number or baseline is expected here\n  p95 <\n       ^`,
    ]);
    expect(() => criteriaIn(file)).toThrow(/:2:7: [^]*:6:6: /);
  });

  test("without a criterion, or that is not there, is refused: no run is unjudged by accident", () => {
    const file = fileOf("# nothing yet\n\n");
    expect(() => criteriaIn(file)).toThrow(`${file} has no criterion`);
    expect(() => criteriaIn(join(folder, "absent"))).toThrow(/absent cannot be read: .*ENOENT/);
    expect(() => criteriaIn(folder)).toThrow(/cannot be read: .*EISDIR/);
  });
});

test("faults of the command line have their column", () => {
  expect(checkArguments(["rps>1", "p95 < 300"])).toEqual({
    criteria: [{ expression: "rps > 1", severity: "fail" }],
    faults: [
      'column 7: a unit is missing: ms, s, min, h (did you mean "300 ms"?)\n  p95 < 300\n        ^^^',
    ],
  });
});
