import { RequestsQuery } from "@load-manager/contract/api/metrics.ts";
import { ExportQuery, FailuresQuery } from "@load-manager/contract/api/metrics-detail.ts";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import { PushMetrics } from "@load-manager/contract/plugin/callbacks.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCompactor } from "../rollups/compactor.ts";
import { ended, setUp, snapshot, START, started, sumOf } from "../testing/posted-fixtures.ts";

describe("posted totals", () => {
  test("an endpoint whose total falls while the run's rises is no new process: the largest total of the run counts", async () => {
    const { post, rows, summary } = setUp();
    await post(snapshot({ "/a": 100, "/b": 100 }));
    await post(snapshot({ "/a": 20, "/b": 210 }));
    expect(await summary()).toMatchObject({ totalRequests: 230 });
    await post(snapshot({ "/a": 60, "/b": 300 }));
    await post(snapshot({ "/a": 110, "/b": 400 }));
    expect(await summary()).toMatchObject({ totalRequests: 510 });
    expect(await rows()).toEqual({ "GET /a": 110, "GET /b": 400 });
  });

  test("an endpoint that some posts leave out counts once; so do posts without endpoints between others", async () => {
    const { post, rows, summary } = setUp();
    await post(snapshot({ "/a": 10, "/b": 5 }));
    await post(snapshot({ "/a": 20 }, { totalRequests: 28 }));
    await post(snapshot({}, { totalRequests: 40 }));
    await post(snapshot({ "/a": 30, "/b": 15 }));
    expect((await summary()).totalRequests).toBe(45);
    await post(snapshot({ "/a": 60, "/b": 40 }));
    expect((await summary()).totalRequests).toBe(100);
    const { "GET /a": a = 0, "GET /b": b = 0, ...unnamed } = await rows();
    expect(a + b + sumOf(unnamed)).toBe(100);
    expect([a <= 60, b <= 40]).toEqual([true, true]);
  });

  test("what the endpoints of a post do not have of its total is (other)", async () => {
    const { post, rows } = setUp();
    await post(snapshot({ "/a": 10 }, { totalRequests: 25 }));
    await post(snapshot({ "/a": 20 }, { totalRequests: 45 }));
    expect(await rows()).toEqual({ "GET /a": 20, " (other)": 25 });
  });

  test.each([
    ["by its own time", true],
    ["without a time, as far as it could have been on its way", false],
  ])("a post that was overtaken adds nothing: %s", async (_, told) => {
    const { post, summary, events } = setUp();
    const at = (second: number) => (told ? { timestamp: (START + second) * 1000 } : {});
    await post(snapshot({ "/a": 10 }, at(2)));
    await post(snapshot({ "/a": 30 }, at(6)));
    expect(await post(snapshot({ "/a": 20 }, at(4)))).toBe(false);
    await post(snapshot({ "/a": 40 }, at(8)));
    expect((await summary()).totalRequests).toBe(40);
    // A post of zeros proves nothing.
    await post(snapshot({}, at(10)));
    await post(snapshot({ "/a": 50 }, at(12)));
    expect((await summary()).totalRequests).toBe(50);
    // Lower totals, and no higher ones: the counts have started again.
    for (const second of [14, 16, 18, 20, 22]) {
      expect(await post(snapshot({ "/a": second - 10 }, at(second)))).toBe(false);
      expect((await summary()).totalRequests).toBe(50);
    }
    await post(snapshot({ "/a": 20 }, at(24)));
    await post(snapshot({ "/a": 24 }, at(26)));
    expect((await summary()).totalRequests).toBe(74);
    expect(await events()).toEqual([]);
  });

  test("any history with posts lost, sent twice, overtaken or without some endpoints ends with the last total", async () => {
    const step = fc.record({
      adds: fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)),
      fate: fc.constantFrom("arrives", "arrives", "is lost", "comes twice", "is overtaken"),
      leftOut: fc.option(fc.constantFrom("/a", "/b", "/c")),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { post, summary, rows } = setUp();
        const total = { "/a": 0, "/b": 0, "/c": 0 };
        const waiting: SnapshotInput[] = [];
        let most = 0;
        const arrive = async (of: SnapshotInput): Promise<void> => {
          await post(of);
          most = Math.max(most, of.totalRequests);
          expect((await summary()).totalRequests).toBe(most);
        };
        for (const [index, { adds, fate, leftOut }] of steps.entries()) {
          const [a, b, c] = adds;
          total["/a"] += a;
          total["/b"] += b;
          total["/c"] += c;
          const named = Object.fromEntries(
            Object.entries(total).filter(([name]) => name !== leftOut),
          );
          const posted = snapshot(named, {
            totalRequests: sumOf(total),
            timestamp: (START + index) * 1000,
          });
          if (fate === "is overtaken") waiting.push(posted);
          else if (fate !== "is lost") {
            await arrive(posted);
            for (const one of waiting.splice(0)) await arrive(one);
            if (fate === "comes twice") await arrive(posted);
          }
        }
        expect(sumOf(await rows())).toBe(most);
      }),
      { numRuns: 40 },
    );
  });

  test("method and name that are swapped, a name that holds its method and the sum of all endpoints are repaired", async () => {
    const { post, rows } = setUp();
    const entry = (method: string, name: string, numRequests: number) => ({
      method,
      name,
      numRequests,
      numFailures: 0,
    });
    const posted = {
      ...snapshot({}, { totalRequests: 6 }),
      requestStats: {
        1: entry("GET /a", "GET", 1),
        2: entry("/b", "POST", 2),
        3: entry("GET", "GET /c", 3),
        4: entry("", "Aggregated", 6),
      },
      errors: [{ method: "GET", name: "GET /c", error: "refused", occurrences: 1 }],
    };
    await post(posted);
    expect(await rows()).toEqual({ "GET /a": 1, "POST /b": 2, "GET /c": 3 });
    // Of Locust's own page a name is what the script has given.
    const polled = setUp();
    await polled.post(posted, { source: "polled" });
    expect(Object.keys(await polled.rows())).toContain("GET GET /c");
  });
});

describe("final totals", () => {
  test("alone count everywhere, in no second; charts say that there are none", async () => {
    const { post, rows, summary, chart, metrics, events } = setUp();
    expect(await post(snapshot({ "/a": 90, "/b": 30 }), { final: true, at: START + 62 })).toBe(
      true,
    );
    const all = await summary(ended);
    expect(all).toMatchObject({
      totalRequests: 120,
      totalFailures: 12,
      errorRate: 10,
      avgResponseMs: 10,
      untimedRequests: 120,
      complete: false,
      gaps: [{ from: START * 1000, to: (START + 60) * 1000 }],
      durationMs: 60_000,
    });
    expect(await metrics.summary(ended)).toMatchObject({ totalRequests: 120, complete: false });
    expect(await metrics.snapshot(ended)).toMatchObject({ totalRequests: 120, totalFailures: 12 });
    expect(await rows(ended)).toEqual({ "GET /a": 90, "GET /b": 30 });
    expect(await chart(ended)).toMatchObject({
      dataPoints: [],
      untimedRequests: 120,
      summary: { totalRequests: 120 },
    });
    expect(
      (await summary(ended, { from: String(START * 1000), to: String((START + 60) * 1000) }))
        .totalRequests,
    ).toBe(0);
    expect(await events()).toEqual(["totals_without_time"]);
  });

  test("that come after the run has ended: what they have beyond the series is in no second, in the endpoints that have it", async () => {
    const { post, rows, summary, chart, events } = setUp();
    for (let at = 2; at <= 58; at += 2) await post(snapshot({ "/a": at }), { at: START + at });
    await post(snapshot({ "/a": 60 }), { at: START + 60 });
    const before = await chart(ended);
    const final = snapshot({ "/a": 64, "/b": 7 }, { totalRequests: 75 });
    await post(final, { final: true, at: START + 300, run: ended });
    expect(await rows(ended)).toEqual({ "GET /a": 64, "GET /b": 7, " (other)": 4 });
    expect(await summary(ended)).toMatchObject({
      totalRequests: 75,
      complete: false,
      untimedRequests: 15,
    });
    expect((await chart(ended)).dataPoints).toEqual(before.dataPoints);
    expect(await events()).toEqual(["totals_without_time"]);
    // Nothing counts after the final one.
    expect(await post(snapshot({ "/a": 500 }), { at: START + 301, run: ended })).toBe(false);
  });

  test("of a run whose page is polled: the run has at least as much, and nothing twice", async () => {
    const { post, rows, summary, metrics } = setUp();
    const polled = { source: "polled" } as const;
    await post(snapshot({ "/a": 40 }), polled);
    expect(await post(snapshot({ "/a": 50 }))).toBe(false);
    await post(snapshot({ "/a": 60, "/b": 10 }), { final: true });
    expect((await summary()).totalRequests).toBe(70);
    await post(snapshot({ "/a": 60, "/b": 5 }), polled);
    await post(snapshot({ "/a": 62, "/b": 10 }), polled);
    expect(await rows()).toEqual({ "GET /a": 62, "GET /b": 10 });
    const { items } = await metrics.queries.failures(started, FailuresQuery.parse({}));
    expect(items).toEqual([]);
  });

  test("a run is complete when it has ended and its final totals are there, and not before", async () => {
    const { post, summary } = setUp();
    await post(snapshot({ "/a": 40 }));
    expect((await summary(ended)).complete).toBe(false);
    await post(snapshot({ "/a": 44 }), { final: true });
    expect((await summary()).complete).toBe(false);
    expect(await summary(ended)).toMatchObject({ totalRequests: 44, complete: true });
  });
});

describe("what is not known", () => {
  test("sums beyond 2^53, and what is made of them, are null; their neighbours keep their values, rolled up or not", async () => {
    const { post, rows, summary, stores, metrics } = setUp();
    const many = { method: "GET", numRequests: 1e12, numFailures: 3e9, avgResponseTime: 6 };
    const all = {
      ...snapshot({}, { totalRequests: 2e12 + 5, totalFailures: 6e9 }),
      requestStats: {
        "GET /a": { ...many, name: "/a" },
        "GET /b": { ...many, name: "/b" },
        // Alone too many microseconds.
        "GET /c": { ...many, name: "/c", numRequests: 5, numFailures: 0, avgResponseTime: 4e12 },
      },
    };
    await post(all, { final: true });
    await post(all, { at: START + 10 });
    const polled = setUp();
    for (const it of [polled]) await it.post(all, { source: "polled", at: START + 2 });
    const compactor = createCompactor({
      metrics: polled.stores.metrics,
      clock: { now: () => 1e7, monotonic: () => 0, wall: () => 1e7 },
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      retention: { secondsDays: 36_500, tenSecondsDays: 36_500 },
      keptRunIds: async () => [],
    });
    expect((await polled.summary()).totalRequests).toBe(2e12 + 5);
    await compactor.runOnce();
    await compactor.stop();
    expect(await polled.stores.metrics.uncompacted(2e9)).toEqual([]);
    polled.metrics.forget("run");
    for (const it of [{ rows, summary, stores, metrics }, polled]) {
      expect(await it.summary()).toMatchObject({
        totalRequests: 2e12 + 5,
        totalFailures: 6e9,
        errorRate: (100 * 6e9) / (2e12 + 5),
        avgResponseMs: null,
      });
      expect(await it.rows()).toEqual({ "GET /a": 1e12, "GET /b": 1e12, "GET /c": 5 });
      const { items } = await it.metrics.queries.requests(started, RequestsQuery.parse({}));
      expect(items.map(({ avgResponseMs }) => avgResponseMs)).toEqual([6, 6, null]);
    }
  });

  const counts = PushMetrics.shape.metrics;
  const entryOf = (name: string, numRequests: number, numFailures: number) => ({
    [`GET ${name}`]: { method: "GET", name, numRequests, numFailures, avgResponseTime: 5 },
  });

  test.each(["json", "polled"] as const)(
    "counts beyond 2^53 are null, also in what is made of them; those of other endpoints keep their values (%s)",
    async (source) => {
      const { post, summary, metrics, chart } = setUp();
      const from = source === "polled" ? ({ source } as const) : {};
      const known = { ...entryOf("/b", 8e9, 3e9), ...entryOf("/c", 2 ** 52, 5) };
      const all = {
        totalRequests: 2 ** 62,
        totalFailures: 2 ** 61,
        currentUsers: 3,
        requestStats: { ...entryOf("/a", 2 ** 60, 2 ** 59), ...known },
      };
      for (let time = 0; time < 2; time += 1) await post(counts.parse(all), from);
      const later = { ...all.requestStats, ...entryOf("/b", 9e9, 3e9) };
      await post(counts.parse({ ...all, requestStats: later }), from);
      for (const answer of [await summary(), await metrics.summary(started)])
        expect(answer).toMatchObject({
          totalRequests: null,
          totalFailures: null,
          errorRate: null,
          requestsPerSec: null,
        });
      expect(await metrics.snapshot(started)).toMatchObject({
        totalRequests: null,
        totalFailures: null,
        errorRate: null,
      });
      const { items } = await metrics.queries.requests(started, RequestsQuery.parse({}));
      expect(items).toMatchObject([
        { name: "/a", totalRequests: null, totalFailures: null, errorRate: null },
        { name: "/b", totalRequests: 9e9, totalFailures: 3e9, errorRate: 100 / 3 },
        { name: "/c", totalRequests: 2 ** 52, totalFailures: 5 },
      ]);
      expect(items[0]?.requestsPerSec).toBeNull();
      expect((await chart()).untimedRequests).toBeNull();
    },
  );

  test("totals beyond 2^53 are not replaced by what the endpoints add up to", async () => {
    for (const [total, field] of [
      [{ totalRequests: 2 ** 62 }, "totalRequests"],
      [{ totalFailures: 2 ** 62 }, "totalFailures"],
    ] as const) {
      const { post, summary, rows } = setUp();
      const of = { totalRequests: 8, totalFailures: 2, requestStats: entryOf("/b", 8, 2) };
      await post(counts.parse({ ...of, ...total }));
      expect(await summary()).toMatchObject({ [field]: null, errorRate: null });
      expect(await rows()).toMatchObject({ "GET /b": 8 });
    }
  });

  const workers = (...ids: readonly string[]) =>
    ids.map((id) => ({ id: id.slice(0, 1), isConnected: !id.endsWith("!") }));

  test.each([
    ["no worker was lost", [workers("a", "b"), workers("a", "b")], 0, true],
    ["a worker came back as another", [workers("a", "b"), workers("a", "c")], 1, false],
    ["a worker was silent", [workers("a", "b"), workers("a", "b!"), workers("a", "b")], 1, false],
    ["the page shows no workers", [undefined, undefined], null, true],
  ] as const)("of a run whose page was polled: %s", async (_, pages, lost, complete) => {
    const { post, summary } = setUp();
    for (const [index, shown] of pages.entries())
      await post(snapshot({ "/a": 10 * (index + 1) }), {
        source: "polled",
        ...(shown === undefined ? {} : { workers: shown }),
      });
    // Workers that leave after the load are not lost.
    const left = pages[0] === undefined ? {} : { workers: [] };
    await post(snapshot({ "/a": 50 }), { source: "polled", run: ended, ...left });
    expect(await summary(ended)).toMatchObject({ complete, workers: { lost } });
  });

  test("a run that was polled across a restart of Locust is not complete", async () => {
    const { post, summary } = setUp();
    await post(snapshot({ "/a": 50 }), { source: "polled" });
    await post(snapshot({ "/a": 10 }), { source: "polled" });
    expect(await summary(ended)).toMatchObject({ totalRequests: 60, complete: false });
  });

  test("sizes of responses are those of the page; unknown sizes and times are null, not 0, also in the export", async () => {
    const { post, metrics } = setUp();
    const entry = { method: "GET", numFailures: 0 };
    const of = (count: number) => ({
      ...snapshot({}, { totalRequests: 2 * count, p95ResponseMs: 42 }),
      requestStats: {
        "GET /a": {
          ...entry,
          name: "/a",
          numRequests: count,
          avgContentLength: 120,
          avgResponseTime: 7,
        },
        "GET /b": { ...entry, name: "/b", numRequests: count, p95ResponseTime: 9 },
      },
    });
    await post(of(10), { source: "polled" });
    await post(of(20), { source: "polled" });
    const { items } = await metrics.queries.requests(started, RequestsQuery.parse({}));
    expect(items.map(({ name, avgContentBytes }) => [name, avgContentBytes])).toEqual([
      ["/a", 120],
      ["/b", null],
    ]);
    const csv = await metrics.queries.requestsCsv(started, RequestsQuery.parse({}));
    const rows = csv.split("\r\n").map((line) => line.split(","));
    const [head = []] = rows;
    const cell = (line: number, title: string) => rows[line]?.[head.indexOf(title)];
    expect([cell(1, "Average Content Size"), cell(2, "Average Content Size")]).toEqual(["120", ""]);
    expect([cell(2, "95%"), cell(3, "95%"), cell(3, "Min Response Time")]).toEqual(["9", "42", ""]);
    let lines = "";
    const query = ExportQuery.parse({ format: "ndjson", step: "60s" });
    for await (const part of metrics.queries.exportLines(started, query)) lines += part;
    expect(
      lines
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toMatchObject([
      { name: "/a", requests: 20, contentBytes: 2400, minResponseMs: null, maxResponseMs: null },
      { name: "/b", requests: 20, contentBytes: null, timedRequests: 0 },
    ]);
  });
});
