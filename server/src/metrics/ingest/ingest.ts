import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { AppError } from "../../lib/errors.ts";
import type { MetricStore, RunEventStore, RunStore, MetricRecord } from "../../stores/ports.ts";
import { type Batch, decodeBatch, RECORD } from "../codec/batch.ts";
import { ByteReader, malformed } from "../codec/bytes.ts";
import type { DecodedSample } from "../live/run-aggregate.ts";
import { checkEncoded } from "../codec/histogram.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import { denormalizedTotalsOf } from "../codec/denormalized-totals.ts";
import { decodeEvent, decodeFinal, decodeOpen } from "../codec/records.ts";
import { classesOf, decodeSample, endpointsOf, workersOf } from "../codec/sample.ts";

export type Ingested = {
  /** As it was before. */
  readonly run: LoadTestRun;
  /** Everything up to and in this batch is stored; the plugin forgets it. */
  readonly acknowledgedSeq: number;
  /** Ids whose names have not arrived. */
  readonly unknownEndpoints: string[];
};

type Deps = {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly runs: RunStore;
  readonly aggregates: RunAggregateCache;
  /** The oldest second whose samples are still taken: older ones could not be merged with what is left of them. */
  readonly oldestSecond: () => number;
};

/** Reads a record whole, so that nothing is stored that cannot be read later. What a sample says is given back. */
const checked = (type: number, body: Uint8Array): DecodedSample | undefined => {
  switch (type) {
    case RECORD.open:
      decodeOpen(body);
      return undefined;
    case RECORD.sample: {
      const sample = decodeSample(body);
      const deltas = endpointsOf(sample);
      classesOf(sample);
      workersOf(sample);
      for (const { ok, failed } of deltas) {
        checkEncoded(ok);
        checkEncoded(failed);
      }
      return { sample, deltas };
    }
    case RECORD.event:
      decodeEvent(body);
      return undefined;
    case RECORD.dropped: {
      const reader = new ByteReader(body);
      if (reader.varint() > reader.varint())
        throw malformed("a dropped range ends before it begins");
      return undefined;
    }
    case RECORD.final:
      decodeFinal(body);
      return undefined;
    default:
      throw malformed(`it has a record of the unknown type ${type}`);
  }
};

const read = ({ runId, masterInstanceId, records }: Batch) =>
  records.map(({ seq, type, body }) => {
    const told = checked(type, body);
    const second = told?.sample.second ?? 0;
    const row: MetricRecord = { runId, masterInstanceId, seq, type, second, body };
    return { row, told };
  });

const eventsOf = (rows: readonly MetricRecord[]) =>
  rows
    .filter((row) => row.type === RECORD.event)
    .map((row) => {
      const { atMs, type, message, data } = decodeEvent(row.body);
      const id = `${row.runId}:${row.masterInstanceId}:${row.seq}`;
      return { id, at: Math.round(atMs), type, message, ...(data == null ? {} : { data }) };
    });

/** Takes batches of the plugin's records: each counts once, however often it arrives. Rejects with AppError gone or validation. */
export const createIngest = ({ metrics, events, runs, aggregates, oldestSecond }: Deps) => ({
  ingestBatch: async (bytes: Uint8Array): Promise<Ingested> => {
    const batch = decodeBatch(bytes);
    const { runId } = batch;
    const arrived = read(batch);
    const rows = arrived.map(({ row }) => row);
    const run = await runs.get(runId);
    if (run === undefined || run.deletingAt !== undefined) {
      throw new AppError("gone", `There is no run ${runId}; its figures are not wanted any more.`);
    }
    const oldest = oldestSecond();
    if (rows.some(({ second }) => second > 0 && second < oldest)) {
      throw new AppError(
        "gone",
        `Samples from before ${new Date(oldest * 1000).toISOString()} are not taken any more (retention.secondsDays).`,
      );
    }
    const { inserted, conflicting } = await metrics.append(rows, (index) =>
      denormalizedTotalsOf(run, arrived[index]?.told),
    );
    await aggregates.add(
      runId,
      inserted.flatMap((index) => arrived[index] ?? []),
    );
    const told = [
      ...eventsOf(rows),
      ...conflicting.map((index) => {
        const seq = rows[index]?.seq ?? 0;
        return {
          id: `${runId}:${batch.masterInstanceId}:${seq}:conflict`,
          at: run.updatedAt,
          type: "conflicting_record",
          message: `The record ${seq} arrived twice with different contents; the first was kept.`,
        };
      }),
    ];
    if (told.length > 0) await events.append(runId, told);
    const { names } = await aggregates.get(runId);
    const unknown = new Set<string>();
    for (const one of arrived) {
      for (const { id } of one.told?.deltas ?? []) if (!names.has(id)) unknown.add(id);
    }
    const acknowledgedSeq = rows.reduce((last, { seq }) => Math.max(last, seq), 0);
    return { run, acknowledgedSeq, unknownEndpoints: [...unknown] };
  },
});
