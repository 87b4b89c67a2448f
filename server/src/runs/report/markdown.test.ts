import { describe, expect, test } from "vitest";
import { markdownOf } from "./markdown.ts";
import { criterionOf, endpointOf, FAILED, reportedOf, UNSURE } from "./testing/reported.ts";

describe("Markdown", () => {
  test("says the verdict first, then the worst criteria, key figures, the worst endpoints and where the run is", () => {
    const endpoints = [
      ...["/a", "/b", "/c", "/d", "/e"].map((name, index) => endpointOf(name, 100 + index)),
      endpointOf("/pay", 20, 7),
    ];
    const criterionVerdicts = [
      criterionOf({ id: "c3", expression: "avg < 1 s" }),
      UNSURE,
      { ...FAILED, close: true as const },
    ];
    const url = "https://load.example/runs/r1";
    expect(
      markdownOf([reportedOf({ verdict: "failed", criterionVerdicts }, { endpoints, url })]),
    ).toBe(
      `## ✗ Checkout \\#1 failed: 1 of 3 criteria does not hold.

The duration was reached.

| Criterion | Observed | Requests |  |
| --- | --: | --: | --: |
| ✗ p95 &lt; 300 ms | 412.3 ms | 600 | close to its limit |
| ? p99 &lt; 1 s | 180.4 ms | 600 | Too few requests. |
| ✓ avg &lt; 1 s | 180.4 ms | 600 |  |

| Load | Users | Requests | Failed | req/s | avg | p50 | p95 | p99 |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
| 30 s | 10 | 600 | 0.5 % | 20/s | 92.43 ms | 81 ms | 180 ms | 310 ms |

The 5 worst of 6 endpoints, by failures, then by p95:

| Endpoint | Requests | Failed | req/s | avg | p50 | p95 | p99 |
| --- | --: | --: | --: | --: | --: | --: | --: |
| GET /pay | 100 | 7 % | 3.333/s | 92.43 ms | 81 ms | 20 ms | 310 ms |
| GET /e | 100 | 0 % | 3.333/s | 92.43 ms | 81 ms | 104 ms | 310 ms |
| GET /d | 100 | 0 % | 3.333/s | 92.43 ms | 81 ms | 103 ms | 310 ms |
| GET /c | 100 | 0 % | 3.333/s | 92.43 ms | 81 ms | 102 ms | 310 ms |
| GET /b | 100 | 0 % | 3.333/s | 92.43 ms | 81 ms | 101 ms | 310 ms |

[The run's page](<https://load.example/runs/r1>)
`,
    );
  });

  test.each([
    ["passed", [criterionOf()], "## ✓ Checkout \\#1 passed: its criterion holds."],
    ["passed", [criterionOf(), criterionOf({ id: "c2" })], "passed: all 2 criteria hold."],
    ["passed", [{ ...FAILED, severity: "warn" }], "passed: no criterion of severity fail."],
    [
      "inconclusive",
      [{ ...FAILED, verdict: "inconclusive", severity: "warn" }],
      "inconclusive: nothing could be judged.",
    ],
    ["failed", [FAILED, FAILED], "failed: 2 of 2 criteria do not hold."],
    [
      "inconclusive",
      [UNSURE],
      "## ? Checkout \\#1 inconclusive: 1 of 1 criterion cannot be decided.",
    ],
    ["none", [], "## – Checkout \\#1 finished: The duration was reached."],
  ] as const)("%s: %s", (verdict, criterionVerdicts, sentence) => {
    const run = reportedOf({ verdict, criterionVerdicts: [...criterionVerdicts] });
    expect(markdownOf([run])).toContain(sentence);
  });

  test("a run that could not run says why, and shows no figures that it does not have", () => {
    const logTail = ["Traceback:", "```</details>\n# x"];
    const statusReason = { code: "locust_exited", message: "Locust ended.", logTail };
    const failed = { status: "Failed", statusReason, summary: undefined } as const;
    const log = "    Traceback:\n    ```</details> # x\n";
    expect(markdownOf([reportedOf(failed)])).toBe(
      `## – Checkout \\#1 could not run: Locust ended.\n\n${log}`,
    );
    const gated = reportedOf({ ...failed, verdict: "inconclusive", criterionVerdicts: [UNSURE] });
    expect(markdownOf([gated])).toContain(
      `cannot be decided.\n\nThe run could not run: Locust ended.\n\n${log}`,
    );
  });

  test("names cannot become cells, lines, HTML, links or formulas", () => {
    const name = "/a|b\n\n# x <img src=x> [l](http://e) `c` **b** $m$ \\ &amp; \u0000\uD800";
    const text = markdownOf([
      reportedOf({ name }, { endpoints: [endpointOf(name, 1)], loadTestName: name }),
    ]);
    const shown =
      "/a\\|b \\# x &lt;img src=x&gt; \\[l\\](http://e) \\`c\\` \\*\\*b\\*\\* \\$m\\$ \\\\ &amp;amp; \uFFFD";
    expect(text.split("\n").filter((line) => line.includes("/a"))).toEqual([
      expect.stringContaining(`## – ${shown} finished`),
      expect.stringContaining(`| GET ${shown} | 100 |`),
    ]);
    const long = markdownOf([reportedOf({}, { endpoints: [endpointOf("x".repeat(2000), 1)] })]);
    expect(long).toContain(`${"x".repeat(196)}… |`);
  });

  test("of a hundred criteria the worst are shown, and how many are not", () => {
    const criterionVerdicts = Array.from({ length: 100 }, (_, index) =>
      criterionOf({
        id: `c${index}`,
        expression: `avg < ${index} ms`,
        ...(index === 99 ? { verdict: "failed" } : {}),
      }),
    );
    const text = markdownOf([reportedOf({ verdict: "failed", criterionVerdicts })]);
    expect(text.split("\n").find((line) => line.includes("avg &lt;"))).toContain("avg &lt; 99 ms");
    expect(text).toContain("\n80 more, none of them worse.\n");
  });

  test("several runs have an overview before them", () => {
    const runs = (["passed", "failed"] as const).map((verdict, index) =>
      reportedOf({ name: `Checkout #${index + 1}`, verdict, criterionVerdicts: [FAILED] }),
    );
    const text = markdownOf(runs);
    expect(text).toMatch(
      /^## 1 of 2 runs passed\.\n\n\| Run \| Verdict \|[^]*\n\| ✗ Checkout \\#2 \| failed \| 600 /,
    );
    expect(text).toContain("\n### ✗ Checkout \\#2 failed: 1 of 1 criterion does not hold.\n");
  });
});
