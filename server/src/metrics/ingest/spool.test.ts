import { expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { RECORD } from "../codec/batch.ts";
import { ByteWriter } from "../codec/bytes.ts";
import { createRunMetrics } from "../run-metrics.ts";
import { batchOf, jsonRecord, sampleRecord, testRun } from "../testing/fixtures.ts";

const NOW = Math.floor(Date.now() / 1000) - 60;
const retention = { secondsDays: 14, tenSecondsDays: 90 };
const open = jsonRecord(1, RECORD.open, { loadStartedAtMs: NOW * 1000, workers: ["w"] });
const sample = (seq: number) => sampleRecord(seq, NOW + seq, [{ name: "/a", ok: [10] }]);

const setUp = async () => {
  const stores = createMemoryStores();
  await stores.runs.create(testRun({ status: "Running" }));
  const make = () => createRunMetrics({ ...stores, shared: false, clock: systemClock, retention });
  return { metrics: make(), make };
};

test("of a spool only what has not arrived is ingested, also by a server that has read the run anew", async () => {
  const { metrics, make } = await setUp();
  await metrics.ingestBatch(batchOf([open, sample(2), sample(3), sample(5)]));
  const spool = [open, sample(2), sample(3), sample(4), sample(5), sample(6)].map((record) =>
    batchOf([record]),
  );
  const unreadable = Uint8Array.of(1, 2, 3);
  const wanted = [spool[3], spool[4], spool[5], unreadable];
  expect(await metrics.unstored("run", [...spool, unreadable])).toEqual(wanted);
  expect(await make().unstored("run", [...spool, unreadable])).toEqual(wanted);
  // What is of another run says nothing of this one.
  const foreign = batchOf([sample(2)], "other");
  expect(await metrics.unstored("run", [foreign])).toEqual([foreign]);
  for (const batch of wanted.slice(0, 3)) if (batch !== undefined) await metrics.ingestBatch(batch);
  expect(await metrics.unstored("run", spool)).toEqual([]);
  expect(await metrics.requests("run")).toBe(5);
});

test("what the plugin has dropped is taken from its spool", async () => {
  const { metrics } = await setUp();
  const body = new ByteWriter().varint(2).varint(3).finish();
  const dropped = { ...sample(5), type: RECORD.dropped, second: 0, body };
  await metrics.ingestBatch(batchOf([open, sample(4), dropped]));
  const spool = [sample(2), sample(3)].map((record) => batchOf([record]));
  expect(await metrics.unstored("run", spool)).toEqual(spool);
});
