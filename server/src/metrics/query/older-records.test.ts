import { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { FailuresQuery } from "@load-manager/contract/api/metrics-detail.ts";
import { OverTimeQuery } from "@load-manager/contract/api/metrics-over-time.ts";
import { expect, test } from "vitest";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord, Rollup } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { ByteWriter } from "../codec/bytes.ts";
import { compress, SERIES } from "../codec/rollup.ts";
import { endpointId } from "../codec/sample.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { buildRollups } from "../rollups/build.ts";
import { run, usualRecords } from "../testing/query-fixtures.ts";
import { sampleRecord } from "../testing/fixtures.ts";
import { createQueries } from "./queries.ts";

const A = Buffer.from(endpointId("GET", "/a"), "hex");

/** A sample of protocol 2: workers in section 3, errors and exceptions as texts in sections 6 and 7. */
const ofProtocol2 = (seq: number, second: number): MetricRecord => {
  const record = sampleRecord(seq, second, [{ name: "/a", failed: [1] }]);
  const workers = new ByteWriter().varint(1).text("w1").byte(3).varint(5).varint(1250);
  const errors = new ByteWriter().varint(1).raw(A).text("refused").varint(1).varint(7).varint(8);
  const exceptions = new ByteWriter()
    .varint(1)
    .text("w1, w2")
    .text("boom")
    .text("line 1")
    .varint(2);
  const body = new ByteWriter()
    .raw(record.body)
    .byte(3)
    .block(workers.finish())
    .byte(6)
    .block(errors.finish())
    .byte(7)
    .block(exceptions.finish());
  return { ...record, body: body.finish() };
};

/** The meta rollup of a time in which it held errors and exceptions, second by second. */
const olderMeta = (start: number, second: number): Rollup => {
  const meta = {
    names: [[endpointId("GET", "/a"), "GET", "/a"]],
    covered: [[second, second]],
    maxUsers: 5,
    errors: [{ id: endpointId("GET", "/a"), error: "refused", counts: [[second, 3]] }],
    exceptions: [{ workers: "w3", message: "boom", traceback: "line 1", counts: [[second, 4]] }],
  };
  return {
    runId: "run",
    series: SERIES.meta,
    level: 0,
    start,
    body: compress(Buffer.from(JSON.stringify(meta))),
  };
};

const setUp = async (records: readonly MetricRecord[], rollups: readonly Rollup[]) => {
  const { metrics, runs } = createMemoryStores();
  await metrics.append(records);
  await metrics.compact("run", [], rollups);
  const clock = { now: () => 2_000_000, monotonic: () => 0, wall: () => 2_000_000 };
  const aggregates = createRunAggregateCache(metrics);
  return createQueries({ metrics, aggregates, clock, runs });
};

test("records of protocol 2 are read: workers, errors and exceptions", async () => {
  const queries = await setUp([ofProtocol2(1, 1000), ofProtocol2(2, 1001)], []);
  const { items } = await queries.failures(run, FailuresQuery.parse({}));
  expect(items).toEqual([
    {
      method: "GET",
      name: "/a",
      error: "refused",
      occurrences: 2,
      firstSeenAt: 1_000_000,
      lastSeenAt: 1_001_000,
    },
  ]);
  expect((await queries.exceptions(run, FailuresQuery.parse({}))).items).toMatchObject([
    { message: "boom", traceback: "line 1", count: 4, workers: ["w1", "w2"] },
  ]);
  const { processes } = await queries.processes(run, OverTimeQuery.parse({}));
  expect(processes).toMatchObject([
    { id: "w1", role: "worker", cpuPercent: [12.5, 12.5], memoryBytes: [null, null] },
  ]);
});

test("errors and exceptions in an older meta rollup are read, and get tables when the window is built again", async () => {
  const [start, second] = [900, 950];
  const meta = olderMeta(start, second);
  const run1 = buildRollups(
    "run",
    start,
    [sampleRecord(1, second, [{ name: "/a", failed: [1] }])],
    [],
  );
  const older = [...run1.filter(({ series }) => series !== SERIES.meta), meta];
  const built = buildRollups(
    "run",
    start,
    [],
    older.filter(({ level }) => level <= 1),
  );
  expect(built.map(({ series }) => series)).toEqual(
    expect.arrayContaining(["errors", "exceptions"]),
  );
  for (const rollups of [older, built]) {
    const queries = await setUp([], rollups);
    const failures = await queries.failures(run, FailuresQuery.parse({}));
    expect(failures.items).toMatchObject([
      { error: "refused", occurrences: 3, firstSeenAt: second * 1000 },
    ]);
    const { series } = await queries.failuresOverTime(run, OverTimeQuery.parse({}));
    expect(series).toMatchObject([{ error: "refused", occurrences: 3 }]);
    expect((await queries.exceptions(run, FailuresQuery.parse({}))).items).toMatchObject([
      { message: "boom", count: 4, workers: ["w3"] },
    ]);
  }
});

test("a snapshot's record that says only from where it covers is spread from there, within its rollup window", async () => {
  const queries = await setUp(usualRecords(), []);
  const before = await queries.summary(run, WindowQuery.parse({}));
  const note = {
    source: "json",
    fromSecond: 1190,
    snapshot: { totalRequests: 1, totalFailures: 0, currentUsers: 5, requestStats: {} },
  };
  const record = sampleRecord(1, 1204, [{ name: "/a", ok: [10, 10, 10, 10, 10] }]);
  const body = new ByteWriter()
    .raw(record.body)
    .byte(8)
    .block(Buffer.from(JSON.stringify(note)))
    .finish();
  const snapshot = { ...record, masterInstanceId: "aa".repeat(16), type: RECORD.snapshot, body };
  const with8 = await setUp([...usualRecords(), snapshot], []);
  const all = await with8.summary(run, WindowQuery.parse({}));
  expect(all.totalRequests).toBe((before.totalRequests ?? 0) + 5);
  const second = await with8.summary(run, WindowQuery.parse({ from: "1202000", to: "1203000" }));
  expect(second.totalRequests).toBe(1);
});
