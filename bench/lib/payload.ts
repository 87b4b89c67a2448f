import type { MetricRecord } from "../../server/src/stores/model/metric-store.ts";
import { RECORD } from "../../server/src/metrics/codec/batch.ts";
import { ByteWriter } from "../../server/src/metrics/codec/bytes.ts";
import {
  addLatency,
  emptyHistogram,
  encodeHistogram,
} from "../../server/src/metrics/codec/histogram.ts";
import { encodeSample } from "../../server/src/metrics/codec/encode-sample.ts";
import { endpointId, SECTION, textId } from "../../server/src/metrics/codec/sample.ts";

/** Random numbers that are the same in every run. */
const random = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (state + 0.5) / 2_147_483_648;
  };
};

const ERROR = "HTTPError('503 Server Error: Service Unavailable for url: /endpoint')";
const MASTER_INSTANCE = "ab".repeat(16);

const names = (endpoints: number) =>
  Array.from({ length: endpoints }, (_, index) => ({
    id: endpointId("GET", `/endpoint/${index}`),
    method: "GET",
    name: `/endpoint/${index}`,
  }));

/** What one endpoint did in one second: about ten requests, log-normal times, one in a hundred failed. */
export type Cell = { readonly ok: readonly number[]; readonly failed: readonly number[] };
export const cellsOf = (endpoints: number, seed: number): Cell[] => {
  const next = random(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  return Array.from({ length: endpoints }, (_, endpoint) => {
    const count = 6 + Math.floor(next() * 9);
    const us = Array.from({ length: count }, () =>
      Math.round(Math.exp(9.5 + (endpoint % 7) * 0.2 + 0.4 * normal()) * (next() < 0.01 ? 12 : 1)),
    );
    const failed = us.filter(() => next() < 0.01);
    return { ok: us.slice(0, us.length - failed.length), failed };
  });
};

/** A sample of a run: one second, one worker. The first sample also has the endpoint names. */
export const sampleBody = (
  second: number,
  cells: readonly Cell[],
  withNames: boolean,
): Uint8Array => {
  const all = names(cells.length);
  const encoded = (values: readonly number[]): Uint8Array => {
    const histogram = emptyHistogram();
    for (const us of values) addLatency(histogram, us);
    return encodeHistogram(histogram);
  };
  const sample = encodeSample({
    second,
    users: { target: 100, real: 100 },
    worker: "worker-1",
    names: withNames ? all : [],
    texts: withNames ? [{ id: textId(ERROR), text: ERROR }] : [],
    errors: cells.flatMap(({ failed }, index) =>
      failed.length === 0
        ? []
        : { id: all[index]?.id ?? "", text: textId(ERROR), count: failed.length },
    ),
    endpoints: cells.map(({ ok, failed }, index) => {
      const us = [...ok, ...failed];
      return {
        id: all[index]?.id ?? "",
        requests: us.length,
        failures: failed.length,
        noTime: 0,
        sumUs: us.reduce((sum, value) => sum + value, 0),
        minUs: Math.min(...us),
        maxUs: Math.max(...us),
        bytes: us.length * 512,
        ok: encoded(ok),
        failed: encoded(failed),
      };
    }),
  });
  return new ByteWriter().raw(sample).raw(processesAt(second)).finish();
};

/** A master and two workers, whose CPU and memory change. */
const processesAt = (second: number): Uint8Array => {
  const processes = new ByteWriter().varint(3);
  ["master", "host_0a1b2c3d_worker-1", "host_0a1b2c3d_worker-2"].forEach((id, index) => {
    processes
      .text(id)
      .byte(3)
      .varint(index === 0 ? 0 : 50);
    processes.varint(3000 + ((second * 37 + index) % 400)).varint(80_000_000 + second * 4096);
    processes.varint(2 * index);
  });
  return new ByteWriter().byte(SECTION.processes).block(processes.finish()).finish();
};

/** Different bodies for consecutive seconds, for any number of runs. */
export const bodies = (seconds: number, endpoints: number, from: number): Uint8Array[] =>
  Array.from({ length: seconds }, (_, index) =>
    sampleBody(from + index, cellsOf(endpoints, index + 1), index === 0),
  );

export const rowsOf = (runId: string, list: readonly Uint8Array[], from: number): MetricRecord[] =>
  list.map((body, index) => ({
    runId,
    masterInstanceId: MASTER_INSTANCE,
    seq: index + 1,
    type: RECORD.sample,
    second: from + index,
    body,
  }));

/** A batch as the plugin sends it. */
export const batchOf = (
  runId: string,
  firstSeq: number,
  list: readonly Uint8Array[],
): Uint8Array => {
  const writer = new ByteWriter()
    .raw(Uint8Array.of(0x4c, 0x4d, 0x42, 0x03))
    .text(runId)
    .raw(Buffer.from(MASTER_INSTANCE, "hex"))
    .varint(list.length);
  list.forEach((body, index) =>
    writer
      .varint(firstSeq + index)
      .byte(RECORD.sample)
      .block(body),
  );
  return writer.finish();
};
