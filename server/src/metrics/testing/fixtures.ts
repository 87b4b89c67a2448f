import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { RECORD } from "../codec/batch.ts";
import { ByteWriter } from "../codec/bytes.ts";
import { addLatency, emptyHistogram, encodeHistogram } from "../codec/histogram.ts";
import { encodeSample, endpointId, type Sample } from "../codec/sample.ts";

/** A running run. */
export const testRun = (more: Partial<LoadTestRun> = {}): LoadTestRun =>
  runOf({
    id: "run",
    accountId: "a",
    locustClusterId: "c",
    status: "Running",
    fence: 1,
    targetUsers: 5,
    ...more,
  });

export type Requests = {
  readonly method?: string;
  readonly name: string;
  /** Response times in ms; null: a request without one. */
  readonly ok?: readonly (number | null)[];
  readonly failed?: readonly (number | null)[];
};

const delta = ({ method = "GET", name, ok = [], failed = [] }: Requests) => {
  const all = [...ok, ...failed];
  const us = all.flatMap((ms) => (ms === null ? [] : [ms * 1000]));
  const encoded = (values: readonly (number | null)[]): Uint8Array => {
    const histogram = emptyHistogram();
    for (const ms of values) if (ms !== null) addLatency(histogram, ms * 1000);
    return encodeHistogram(histogram);
  };
  return {
    id: endpointId(method, name),
    requests: all.length,
    failures: failed.length,
    noTime: all.length - us.length,
    sumUs: us.reduce((sum, value) => sum + value, 0),
    minUs: us.length === 0 ? 0 : Math.min(...us),
    maxUs: Math.max(0, ...us),
    bytes: all.length * 100,
    ok: encoded(ok),
    failed: encoded(failed),
  };
};

const MASTER_INSTANCE = "b0".repeat(16);

export const sampleRecord = (
  seq: number,
  second: number,
  requests: readonly Requests[],
  users: { readonly target: number; readonly real: number } = { target: 5, real: 5 },
): MetricRecord => ({
  runId: "run",
  masterInstanceId: MASTER_INSTANCE,
  seq,
  type: RECORD.sample,
  second,
  body: encodeSample({
    second,
    users,
    worker: "w",
    endpoints: requests.map(delta),
    names: requests.map(({ method = "GET", name }) => ({
      id: endpointId(method, name),
      method,
      name,
    })),
  }),
});

/** A sample of one failed request at GET /a, with errors and exceptions. */
export const withProblems = (
  seq: number,
  second: number,
  problems: Pick<Partial<Sample>, "errors" | "exceptions">,
): MetricRecord => {
  const record = sampleRecord(seq, second, [{ name: "/a", failed: [1] }]);
  const errors = new ByteWriter().varint(problems.errors?.length ?? 0);
  for (const { id, error, count, firstMs, lastMs } of problems.errors ?? []) {
    errors.raw(Buffer.from(id, "hex")).text(error).varint(count).varint(firstMs).varint(lastMs);
  }
  const exceptions = new ByteWriter().varint(problems.exceptions?.length ?? 0);
  for (const { workers, message, traceback, count } of problems.exceptions ?? []) {
    exceptions.text(workers).text(message).text(traceback).varint(count);
  }
  const body = new ByteWriter()
    .raw(record.body)
    .byte(6)
    .block(errors.finish())
    .byte(7)
    .block(exceptions.finish());
  return { ...record, body: body.finish() };
};

export const jsonRecord = (seq: number, type: number, value: unknown): MetricRecord => ({
  runId: "run",
  masterInstanceId: MASTER_INSTANCE,
  seq,
  type,
  second: 0,
  body: Buffer.from(JSON.stringify(value)),
});

/** A batch as the plugin sends it; all records are of one master instance. */
export const batchOf = (records: readonly MetricRecord[], runId = "run"): Uint8Array => {
  const writer = new ByteWriter().raw(Uint8Array.from([0x4c, 0x4d, 0x42, 2])).text(runId);
  writer.raw(Buffer.from(records[0]?.masterInstanceId ?? "", "hex")).varint(records.length);
  for (const { seq, type, body } of records) writer.varint(seq).byte(type).block(body);
  return writer.finish();
};
