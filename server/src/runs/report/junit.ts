import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import XMLBuilder from "fast-xml-builder";
import { criterionLines, endSentence, loadSeconds, type ReportedRun } from "./reported-run.ts";

/** What XML 1.0 cannot hold in any spelling: most control characters, lone surrogates, U+FFFE and U+FFFF. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

const builder = new XMLBuilder({
  format: true,
  ignoreAttributes: false,
  suppressEmptyNode: true,
  // An attribute of the text "true" is no attribute without a value.
  suppressBooleanAttributes: false,
  attributeNamePrefix: "@",
  tagValueProcessor: (_, value) => String(value).replaceAll(FORBIDDEN, "\u{FFFD}"),
  attributeValueProcessor: (_, value) => String(value).replaceAll(FORBIDDEN, "\u{FFFD}"),
});

type Outcome = { readonly "@type": string; readonly "@message": string; readonly "#text": string };

/** A test case; without an outcome it passed. */
type TestCase = {
  readonly "@classname": string;
  readonly "@name": string;
  readonly "@time": string;
  readonly failure?: Outcome;
  readonly error?: Outcome;
  readonly skipped?: Outcome;
};

/** GitLab shows the text alone, Jenkins the message first: the text repeats the message. */
const outcome = (type: string, [message = "", ...more]: readonly string[]): Outcome => ({
  "@type": type,
  "@message": message,
  "#text": [message, ...more].join("\n"),
});

/**
 * GitLab, Jenkins and the actions of GitHub count `error` as not passed, and some show `skipped` as if it had passed: what nobody
 * can know is an `error`. Only what must not fail a build, a criterion of severity warn, is `skipped`.
 */
const outcomeOf = (one: CriterionVerdict): Pick<TestCase, "failure" | "error" | "skipped"> => {
  if (one.verdict === "passed") return {};
  const lines = criterionLines(one);
  if (one.severity === "warn") {
    const [first = "", ...more] = lines;
    return { skipped: outcome("warning", [`Warning: ${first}`, ...more]) };
  }
  if (one.verdict === "failed") return { failure: outcome("failed", lines) };
  return { error: outcome(one.reason?.code ?? "inconclusive", lines) };
};

/** The first name of several equal ones stays as it is, since CI keeps one test case of a name. */
const distinctNames = (criteria: readonly CriterionVerdict[]): string[] => {
  const taken = new Set([RUN_CASE]);
  return criteria.map(({ id, name, expression }) => {
    const wanted = name ?? expression;
    const distinct = taken.has(wanted) ? `${wanted} (${id})` : wanted;
    taken.add(distinct);
    return distinct;
  });
};

/** The name of the test case that is the run itself. */
const RUN_CASE = "run";

const seconds = (value: number): string => value.toFixed(3);

/** `className`: names the tests in CI; it must be another one for each run of a report. */
const suiteOf = ({ run, url }: ReportedRun, className: string) => {
  const { id, name, status, verdict, statusReason, startedAt, createdAt } = run;
  const criteria = run.criterionVerdicts ?? [];
  const names = distinctNames(criteria);
  const time = seconds(loadSeconds(run) ?? 0);
  const cases: TestCase[] = [
    {
      "@classname": className,
      "@name": RUN_CASE,
      "@time": time,
      ...(status === "Finished"
        ? {}
        : {
            error: outcome(statusReason?.code ?? status, [
              endSentence(run),
              ...(statusReason?.logTail ?? []),
            ]),
          }),
    },
    ...criteria.map((one, index) => ({
      "@classname": className,
      "@name": names[index] ?? one.id,
      // It takes no time of its own; without one some readers show NaN.
      "@time": seconds(0),
      ...outcomeOf(one),
    })),
  ];
  const properties = { runId: id, status, verdict, ...(url === undefined ? {} : { url }) };
  const count = (kind: "failure" | "error" | "skipped"): number =>
    cases.filter((one) => one[kind] !== undefined).length;
  return {
    "@name": name,
    "@tests": cases.length,
    "@failures": count("failure"),
    "@errors": count("error"),
    "@skipped": count("skipped"),
    "@time": time,
    // Ant's schema has no fraction and no zone here; it is UTC.
    "@timestamp": new Date(startedAt ?? createdAt).toISOString().slice(0, 19),
    properties: {
      property: Object.entries(properties).map(([key, value]) => ({
        "@name": key,
        "@value": value,
      })),
    },
    testcase: cases,
  };
};

/** The runs as JUnit XML: a test suite for each, with a test case for the run itself and one for each criterion. */
export const junitOf = (runs: readonly ReportedRun[]): string => {
  const suites = runs.map((reported, index) => {
    const place = runs.length === 1 ? "" : ` (${index + 1} of ${runs.length})`;
    return suiteOf(reported, `${reported.loadTestName}${place}`);
  });
  const sum = (of: "@tests" | "@failures" | "@errors"): number =>
    suites.reduce((total, suite) => total + suite[of], 0);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({
    testsuites: {
      "@name": "Load Manager",
      "@tests": sum("@tests"),
      "@failures": sum("@failures"),
      "@errors": sum("@errors"),
      "@time": seconds(runs.reduce((total, { run }) => total + (loadSeconds(run) ?? 0), 0)),
      testsuite: suites,
    },
  })}`;
};
