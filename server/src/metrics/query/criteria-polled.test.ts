import { expect, test } from "vitest";
import { ended, setUp, snapshot, started } from "../testing/posted-fixtures.ts";

test("of a run without the plugin only what Locust tells is judged", async () => {
  const { post, metrics } = setUp();
  const run = { ...started, targetUsers: 3 };
  const locusts = { p50ResponseMs: 8, p95ResponseMs: 40, p99ResponseMs: 90, avgResponseMs: 10 };
  for (let count = 1; count <= 30; count += 1) {
    const isFinal = count === 30;
    await post(snapshot({ "/a": 20 * count, "/b": 10 * count }, locusts), { final: isFinal, run });
  }
  const expected = {
    "requests = 900": "passed",
    "failures > 90": "failed",
    "errorRate < 11 %": "passed",
    "avg(GET /a) <= 10 ms": "passed",
    "users = 3": "passed",
    "rps >= 10 over 10 s .. 40 s": "passed",
    "errorRate < 1 % in every 10 s": "failed",
    "p95 < 50 ms": "passed",
    "p95 < 30 ms": "failed",
    "p90 < 50 ms": "no_data",
    "p95(/a) < 50 ms": "no_data",
    "p95 < 50 ms over last 20 s": "no_data",
    "max < 1 s over last 20 s": "no_data",
    "exceptions = 0": "no_data",
    "workerCpu < 90 %": "no_data",
  };
  const criteria = Object.keys(expected).map((expression, index) => ({
    id: `c${index}`,
    expression,
    severity: "fail" as const,
  }));
  const verdicts = await metrics.judgeCriteria(
    { ...ended, endCause: "duration_reached" },
    criteria,
  );
  expect(
    Object.fromEntries(
      verdicts.map(({ expression, verdict, reason }) => [expression, reason?.code ?? verdict]),
    ),
  ).toEqual(expected);
  // Within the 5 % by which Locust rounds.
  const [close] = await metrics.judgeCriteria({ ...ended, endCause: "duration_reached" }, [
    { id: "c1", expression: "p95 < 41 ms", severity: "fail" },
  ]);
  expect(close).toMatchObject({ verdict: "passed", close: true, observed: 40 });
});
