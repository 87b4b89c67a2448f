import {
  DistributionQuery,
  ExportQuery,
  FailuresAnswer,
  FailuresQuery,
  HeatmapAnswer,
  ScatterAnswer,
} from "@load-manager/contract/api/metrics-detail.ts";
import { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { sampleRecord, withProblems } from "../testing/fixtures.ts";
import { endpointId } from "../codec/sample.ts";
import { queriesOver, run, usualRecords } from "../testing/query-fixtures.ts";

describe("distributions, failures and the export", () => {
  const counts = (value: { readonly count: number }[]) =>
    value.reduce((sum, { count }) => sum + count, 0);

  test("a scatter has a point for each bucket with requests, and leaves out no request", async () => {
    const queries = await queriesOver(usualRecords());
    const all = await queries.scatter(run, DistributionQuery.parse({}));
    expect(() => z.encode(ScatterAnswer, all)).not.toThrow();
    expect([all.stepMs, all.endpoints]).toEqual([1000, ["GET /a", "POST /b"]]);
    expect(counts(all.dataPoints)).toBe(31);
    expect(counts(all.dataPoints.filter(({ success }) => !success))).toBe(10);
    expect(all.dataPoints[0]).toMatchObject({ timestamp: 1_000_000, endpoint: "/a", count: 2 });
    expect(all.dataPoints[0]?.responseTimeMs).toBeCloseTo(10, 0);
    const failed = { responses: "failed", endpoint: "POST /b", points: "2" };
    const some = await queries.scatter(run, DistributionQuery.parse(failed));
    expect(some.dataPoints).toEqual([expect.objectContaining({ count: 10, success: false })]);
  });

  test("a heatmap counts by time and latency", async () => {
    const map = await (await queriesOver(usualRecords())).heatmap(run, DistributionQuery.parse({}));
    expect(() => z.encode(HeatmapAnswer, map)).not.toThrow();
    expect(map.t).toHaveLength(11);
    expect(map.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(31);
    const at = map.lowerMs.findIndex(
      (lower, index) => lower <= 10 && 10 < (map.upperMs[index] ?? 0),
    );
    expect(map.counts[3]?.[at]).toBe(2);
    const empty = await (await queriesOver([])).heatmap(run, DistributionQuery.parse({}));
    expect([empty.t, empty.counts]).toEqual([[], []]);
  });

  test("failures and exceptions are counted over any window, the most frequent first", async () => {
    const error = (text: string, count: number) => ({
      id: endpointId("GET", "/a"),
      error: text,
      count,
    });
    const raised = (worker: string) => ({
      exceptions: [{ worker, message: "boom", traceback: "line 1", count: 2 }],
    });
    const rows = [
      withProblems(1, 1000, { errors: [error("500", 1), error("refused", 3)] }),
      withProblems(2, 1001, { errors: [error("500", 4)], ...raised("w1") }),
      withProblems(3, 1002, raised("w1, w2")),
    ];
    const queries = await queriesOver(rows);
    const failures = await queries.failures(run, FailuresQuery.parse({}));
    expect(() => z.encode(FailuresAnswer, failures)).not.toThrow();
    expect(
      failures.items.map(({ name, error: text, occurrences }) => [name, text, occurrences]),
    ).toEqual([
      ["/a", "500", 5],
      ["/a", "refused", 3],
    ]);
    expect(failures.items[0]).toMatchObject({ firstSeenAt: 1_000_000, lastSeenAt: 1_001_000 });
    const early = await queries.failures(run, FailuresQuery.parse({ to: "1001000" }));
    expect(early.items.map(({ occurrences }) => occurrences)).toEqual([3, 1]);
    const { items } = await queries.exceptions(run, FailuresQuery.parse({}));
    expect(items).toEqual([
      {
        message: "boom",
        traceback: "line 1",
        count: 4,
        workers: ["w1", "w2"],
        firstSeenAt: 1_001_000,
        lastSeenAt: 1_002_000,
      },
    ]);
  });

  test("the export has a row for each bucket and endpoint, with sums that add up to the totals", async () => {
    const queries = await queriesOver(usualRecords());
    const lines = async (query: Record<string, string>) => {
      let text = "";
      for await (const part of queries.exportLines(run, ExportQuery.parse(query))) text += part;
      return text.trim().split(/\r?\n/);
    };
    const [head, ...rows] = await lines({});
    expect(head).toBe(
      "timestamp,method,name,requests,failures,timedRequests,sumResponseMs,minResponseMs,maxResponseMs,contentBytes",
    );
    expect(rows).toHaveLength(21);
    expect(rows[0]).toBe("1970-01-01T00:16:40.000Z,GET,/a,2,0,2,20,10,10,200");
    const wide = (await lines({ format: "ndjson", step: "10s", endpoint: "GET /a" })).map(
      (line) => JSON.parse(line) as { requests: number; histogram: [number, number, number][] },
    );
    expect(wide.map(({ requests }) => requests)).toEqual([20, 1]);
    expect(wide[0]?.histogram).toEqual([[expect.closeTo(10, 0), expect.closeTo(10, 0), 20]]);
  });

  test("a sample far in the future is in the answers, and does not slow them down", async () => {
    const rows = usualRecords();
    const far = sampleRecord(20, 4_000_000_000, [{ name: "/a", ok: [7] }]);
    const queries = await queriesOver([...rows, far]);
    const summary = await queries.summary(run, WindowQuery.parse({}));
    expect(summary.totalRequests).toBe(32);
    let text = "";
    for await (const part of queries.exportLines(run, ExportQuery.parse({}))) text += part;
    expect(text).toContain("2096-10-02T07:06:40.000Z,GET,/a,1");
  });
});
