import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeBatch } from "./batch.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { hex } from "./endpoint-id.ts";
import { addEncoded, bucketOf, emptyHistogram, encodeHistogram } from "./histogram.ts";
import { decodeFinal, decodeOpen } from "./records.ts";
import {
  classesOf,
  decodeSample,
  endpointId,
  endpointsOf,
  type ProcessState,
  processesOf,
  type Sample,
  textId,
  WORKER_STATES,
} from "./sample.ts";

type Vectors = {
  varints: [number, string][];
  buckets: [number, number][];
  endpoints: [string, string, string][];
  histogram: { counts: [number, number][]; hex: string };
  texts: [string, string][];
  batch: {
    hex: string;
    masterInstanceId: string;
    endpoint: Record<string, unknown>;
    processes: (Omit<ProcessState, "state"> & { state: number })[];
    failures: { endpoint: string; text: string; count: number }[];
    exceptions: Sample["exceptions"];
    texts: [string, string][];
  };
};

const file = new URL("../../../../locust-plugin/tests/vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const bytes = (text: string): Uint8Array => Buffer.from(text, "hex");

test("the decoder reads the vectors of the plugin's tests", () => {
  for (const [value, encoded] of vectors.varints) {
    expect(new ByteReader(bytes(encoded)).varint()).toBe(value);
    expect(hex(new ByteWriter().varint(value).finish())).toBe(encoded);
  }
  for (const [us, bucket] of vectors.buckets) expect([us, bucketOf(us)]).toEqual([us, bucket]);
  for (const [method, name, id] of vectors.endpoints) expect(endpointId(method, name)).toBe(id);
  for (const [text, id] of vectors.texts) expect(textId(text)).toBe(id);
  const histogram = emptyHistogram();
  addEncoded(histogram, bytes(vectors.histogram.hex));
  for (const [bucket, count] of vectors.histogram.counts)
    expect(histogram.counts[bucket - histogram.first]).toBe(count);
  expect(hex(encodeHistogram(histogram))).toBe(vectors.histogram.hex);
});

test("the decoder reads a whole batch of the plugin", () => {
  const batch = decodeBatch(bytes(vectors.batch.hex));
  expect(batch).toMatchObject({ runId: "run-1", masterInstanceId: vectors.batch.masterInstanceId });
  expect(batch.records.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 1],
    [2, 2],
    [3, 4],
    [4, 5],
  ]);
  const [open, sample, , final] = batch.records.map(({ body }) => body);
  if (open === undefined || sample === undefined || final === undefined)
    throw new Error("records are missing");
  expect(decodeOpen(open).loadStartedAtMs).toBe(1_795_000_000_123);
  expect(decodeFinal(final).requests).toBe(5);
  const read = decodeSample(sample);
  expect(read).toMatchObject({ second: 1_795_000_000, users: { target: 20, real: 19 } });
  expect(classesOf(read)).toEqual([{ name: "Visitor", targetUsers: 20, currentUsers: 19 }]);
  expect(processesOf(read)).toEqual(
    vectors.batch.processes.map((one) => ({ ...one, state: WORKER_STATES[one.state] })),
  );
  expect(read.errors).toEqual(
    vectors.batch.failures.map(({ endpoint: id, ...error }) => ({ id, ...error })),
  );
  expect(read.exceptions).toEqual(vectors.batch.exceptions);
  expect(read.texts).toEqual(vectors.batch.texts.map(([id, text]) => ({ id, text })));
  expect(read.names).toEqual([
    { id: vectors.batch.endpoint["id"], method: "GET", name: "/products/[id]" },
  ]);
  const endpoints: unknown[] = [];
  endpoints.push(...endpointsOf(read));
  expect(endpoints).toEqual([expect.objectContaining(vectors.batch.endpoint)]);
});
