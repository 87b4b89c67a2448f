import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { RECORD } from "../codec/batch.ts";
import { ByteWriter } from "../codec/bytes.ts";
import { addLatency, emptyHistogram, encodeHistogram } from "../codec/histogram.ts";
import { encodeSample } from "../codec/encode-sample.ts";
import { endpointId, SECTION, textId } from "../codec/sample.ts";

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

/** Sections with errors and exceptions. Texts are given as they are, and sent by id. */
export type Problems = {
  readonly errors?: readonly {
    readonly id: string;
    readonly error: string;
    readonly count: number;
  }[];
  readonly exceptions?: readonly {
    readonly worker: string;
    readonly message: string;
    readonly traceback: string;
    readonly count: number;
  }[];
};

/** A sample of one failed request at GET /a, with errors and exceptions. */
export const withProblems = (
  seq: number,
  second: number,
  { errors = [], exceptions = [] }: Problems,
): MetricRecord => {
  const record = sampleRecord(seq, second, [{ name: "/a", failed: [1] }]);
  const idBytes = (id: string): Uint8Array => Buffer.from(id, "hex");
  const failures = new ByteWriter().varint(errors.length);
  for (const { id, error, count } of errors)
    failures
      .raw(idBytes(id))
      .raw(idBytes(textId(error)))
      .varint(count);
  const raised = new ByteWriter().varint(exceptions.length);
  for (const { worker, message, traceback, count } of exceptions) {
    raised
      .text(worker)
      .raw(idBytes(textId(message)))
      .raw(idBytes(textId(traceback)))
      .varint(count);
  }
  const texts = [
    ...errors.map(({ error }) => error),
    ...exceptions.flatMap(({ message, traceback }) => [message, traceback]),
  ];
  const named = new ByteWriter().varint(texts.length);
  for (const text of texts) named.raw(idBytes(textId(text))).text(text);
  const body = new ByteWriter()
    .raw(record.body)
    .byte(SECTION.failures)
    .block(failures.finish())
    .byte(SECTION.exceptions)
    .block(raised.finish())
    .byte(SECTION.texts)
    .block(named.finish());
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
  const writer = new ByteWriter().raw(Uint8Array.from([0x4c, 0x4d, 0x42, 3])).text(runId);
  writer.raw(Buffer.from(records[0]?.masterInstanceId ?? "", "hex")).varint(records.length);
  for (const { seq, type, body } of records) writer.varint(seq).byte(type).block(body);
  return writer.finish();
};
