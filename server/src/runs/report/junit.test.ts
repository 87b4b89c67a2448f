import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { junitOf } from "./junit.ts";
import type { ReportedRun } from "./reported-run.ts";
import { criterionOf, FAILED, reportedOf, UNSURE } from "./testing/reported.ts";

const schema = readFileSync(new URL("testing/junit.xsd", import.meta.url), "utf8");

/** The report, which the schema accepts. */
const valid = async (...runs: ReportedRun[]): Promise<string> => {
  const xml = junitOf(runs);
  const { errors } = await validateXML({ xml: { fileName: "junit.xml", contents: xml }, schema });
  expect(errors.map(({ rawMessage }) => rawMessage)).toEqual([]);
  return xml;
};

/** What stands in the test case of a name. */
const caseOf = (xml: string, name: string): string =>
  new RegExp(`<testcase [^>]*name="${name}"[^>]*?(?:/>|>(.*?)</testcase>)`, "s").exec(xml)?.[1] ??
  "";

describe("JUnit XML", () => {
  test("has a test case for the run and one for each criterion, with figure and limit", async () => {
    const run = reportedOf(
      {
        id: "r1",
        verdict: "failed",
        criterionVerdicts: [FAILED, UNSURE, criterionOf({ id: "c3", name: "Fast" })],
      },
      { url: "https://load.example/runs/r1" },
    );
    const xml = await valid(run);
    expect(xml).toContain(
      '<testsuites name="Load Manager" tests="4" failures="1" errors="1" time="30.000">',
    );
    expect(xml).toContain('timestamp="2026-11-23T10:15:04"');
    expect(xml).toContain('<property name="url" value="https://load.example/runs/r1"/>');
    expect(xml).toContain('<testcase classname="Checkout" name="run" time="30.000"/>');
    expect(xml).toContain('<testcase classname="Checkout" name="Fast" time="0.000"/>');
    const failed = "p95 &lt; 300 ms does not hold (observed 412.3 ms, limit 300 ms, 600 requests).";
    expect(caseOf(xml, "p95 &lt; 300 ms").trim()).toBe(
      `<failure type="failed" message="${failed}">${failed}</failure>`,
    );
    expect(caseOf(xml, "p99 &lt; 1 s")).toMatch(
      /<error type="few_values" message="p99 &lt; 1 s cannot be decided \(few_values\): Too few requests[^]*1000 requests decide it for certain\.<\/error>/,
    );
  });

  test("the message names the baseline and its runs", async () => {
    const noise = { percent: 2, runIds: ["a", "b"] };
    const runs = [
      { id: "a", runNumber: 3, value: 260 },
      { id: "b", value: 280 },
    ];
    const baseline = { value: 269.815, runs, noise };
    const xml = await valid(
      reportedOf({ verdict: "failed", criterionVerdicts: [{ ...FAILED, baseline }] }),
    );
    expect(xml).toContain("(observed 412.3 ms, limit 300 ms, baseline 269.8 ms of #3, b, 600 ");
  });

  test("a warning never fails, and does not look as if it had passed", async () => {
    const warn = { severity: "warn" } as const;
    const criterionVerdicts = [
      { ...FAILED, ...warn },
      { ...UNSURE, ...warn },
      criterionOf({ id: "c3", expression: "max < 1 s", ...warn }),
    ];
    const xml = await valid(reportedOf({ verdict: "passed", criterionVerdicts }));
    expect(xml).toContain('tests="4" failures="0" errors="0" skipped="2"');
    expect(caseOf(xml, "p95 &lt; 300 ms")).toContain(
      'message="Warning: p95 &lt; 300 ms does not hold',
    );
    expect(caseOf(xml, "max &lt; 1 s")).toBe("");
  });

  test.each([
    ["Failed", "locust_exited", "The run could not run: "],
    ["Stopped", "expired", "The run was stopped: "],
    ["Stopped", "stopped_by_user", "The run was stopped: "],
  ] as const)("a run that is %s (%s) is an error", async (status, code, sentence) => {
    const statusReason = { code, message: "Why.", logTail: ["Traceback", "ImportError: <x>"] };
    const run = reportedOf({
      status,
      statusReason,
      startedAt: undefined,
      loadStartedAt: undefined,
    });
    const xml = await valid(run);
    expect(xml).toContain('tests="1" failures="0" errors="1"');
    expect(caseOf(xml, "run")).toContain(`<error type="${code}" message="${sentence}Why.">`);
    expect(caseOf(xml, "run")).toContain("ImportError: &lt;x&gt;");
  });

  test("several runs have test cases of different names, and so have equal names of criteria", async () => {
    const criterionVerdicts = [
      criterionOf({ name: "Fast" }),
      criterionOf({ id: "c2", name: "Fast" }),
      criterionOf({ id: "c3", name: "run" }),
    ];
    const xml = await valid(reportedOf({ criterionVerdicts }), reportedOf({ name: "Checkout #2" }));
    expect(
      [...xml.matchAll(/<testcase classname="(.*?)" name="(.*?)"/g)].map(([, a, b]) => `${a}|${b}`),
    ).toEqual([
      "Checkout (1 of 2)|run",
      "Checkout (1 of 2)|Fast",
      "Checkout (1 of 2)|Fast (c2)",
      "Checkout (1 of 2)|run (c3)",
      "Checkout (2 of 2)|run",
    ]);
    expect(xml).toContain(
      '<testsuites name="Load Manager" tests="5" failures="0" errors="0" time="60.000">',
    );
  });

  test("any name gives XML that is well-formed: control characters, lone surrogates, markup", async () => {
    const names = [
      "\u0000\u001B[31m\uFFFF",
      "\uD800 alone \uDC00",
      "]]>&\"<a b='",
      "true",
      "__proto__",
      "😀\r\n\t",
    ];
    const criterionVerdicts = names.map((name, index) => ({
      ...FAILED,
      id: `c${index}`,
      name,
      expression: name,
    }));
    const statusReason = { code: "locust_exited", message: names.join(" ") };
    const xml = await valid(
      reportedOf({ name: names[0] ?? "", status: "Failed", statusReason, criterionVerdicts }),
    );
    expect(xml).toContain('name="\uFFFD\uFFFD[31m\uFFFD"');
    expect(xml).toContain('name="\uFFFD alone \uFFFD"');
    expect(xml).toContain('name="]]&gt;&amp;&quot;&lt;a b=&apos;"');
    expect(xml).toContain('name="true"');
  });

  test("whatever the texts are", async () => {
    const text = fc.string({ unit: "binary", minLength: 1 });
    await fc.assert(
      fc.asyncProperty(text, text, async (name, message) => {
        const criterionVerdicts = [{ ...FAILED, name, expression: message }];
        await valid(
          reportedOf({
            name,
            statusReason: { code: "expired", message },
            status: "Stopped",
            criterionVerdicts,
          }),
        );
      }),
      { numRuns: 20 },
    );
  });
});
