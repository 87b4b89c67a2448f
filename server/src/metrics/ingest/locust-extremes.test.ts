import { RequestsQuery, TimeseriesQuery } from "@load-manager/contract/api/metrics.ts";
import { expect, test } from "vitest";
import { setUp, snapshot, START, started } from "../testing/posted-fixtures.ts";

test("Locust's minimum and maximum are of the run so far: known of the whole run, and of no window or point of it", async () => {
  const { metrics, post, summary } = setUp();
  const of = (count: number, [min, max]: readonly [number, number]) => {
    const one = snapshot({ "/a": count });
    const [[key, stats] = []] = Object.entries(one.requestStats ?? {});
    if (key === undefined || stats === undefined) throw new Error("a snapshot has an endpoint");
    const extremes = { minResponseTime: min, maxResponseTime: max };
    return { ...one, requestStats: { [key]: { ...stats, ...extremes } } };
  };
  await post(of(10, [5, 500]), { source: "polled" });
  await post(of(20, [5, 500]), { source: "polled" });
  await post(of(40, [4, 600]), { source: "polled" });
  expect(await summary()).toMatchObject({ minResponseMs: 4, maxResponseMs: 600 });
  const window = { from: String((START + 3) * 1000) };
  const unknown = { minResponseMs: null, maxResponseMs: null };
  expect(await summary(started, window)).toMatchObject(unknown);
  const { items } = await metrics.queries.requests(started, RequestsQuery.parse(window));
  expect(items).toMatchObject([unknown]);
  const chart = await metrics.queries.timeseries(
    started,
    TimeseriesQuery.parse({ fields: "totalRps,minResponseMs,maxResponseMs" }),
  );
  const points = (chart.dataPoints ?? []) as { minResponseMs?: number | null }[];
  expect(points.length).toBeGreaterThan(0);
  expect(points.every(({ minResponseMs }) => minResponseMs === null)).toBe(true);
});
