import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { AppError } from "../../lib/errors.ts";
import type { MetricStore, MetricRecord } from "../../stores/model/metric-store.ts";
import type { RunEventStore, ServerEvent } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { type Batch, type BatchRecord, decodeBatch, isGreeting, RECORD } from "../codec/batch.ts";
import { ByteReader, malformed } from "../codec/bytes.ts";
import { denormalizedTotalsOf } from "../codec/denormalized-totals.ts";
import { checkEncoded } from "../codec/histogram.ts";
import { decodeEvent, decodeFinal, decodeOpen } from "../codec/records.ts";
import {
  classesOf,
  type DecodedSample,
  decodeSample,
  endpointsOf,
  OTHER_TEXT_ID,
  processesOf,
} from "../codec/sample.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";

export type Ingested = {
  /** The run as it was before the batch. */
  readonly run: LoadTestRun;
  /** Every record up to this number is stored; the plugin deletes them. */
  readonly acknowledgedSeq: number;
  /** Ids of endpoints and texts whose names have not arrived. */
  readonly unknownIds: string[];
  /** How many samples were new. */
  readonly samples: number;
};

type Deps = {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly runs: Pick<RunReader, "get">;
  readonly aggregates: RunAggregateCache;
  /** The oldest Unix second that is accepted: the one-second cells of earlier samples are deleted already. */
  readonly oldestSecond: () => number;
};

/** Decodes a sample whole, including the sections that are only read later. Throws AppError validation. */
const checkSample = (body: Uint8Array): DecodedSample => {
  const sample = decodeSample(body);
  const deltas = endpointsOf(sample);
  classesOf(sample);
  processesOf(sample);
  for (const { ok, failed } of deltas) {
    checkEncoded(ok);
    checkEncoded(failed);
  }
  return { sample, deltas };
};

const checkDropped = (body: Uint8Array): void => {
  const reader = new ByteReader(body);
  if (reader.varint() > reader.varint()) throw malformed("a dropped range ends before it begins");
};

/** Decodes a record, so that nothing unreadable is stored. Throws AppError validation. */
const checkRecord = ({ type, body }: BatchRecord): DecodedSample | undefined => {
  if (type === RECORD.sample) return checkSample(body);
  if (type === RECORD.open) decodeOpen(body);
  else if (type === RECORD.event) decodeEvent(body);
  else if (type === RECORD.dropped) checkDropped(body);
  else if (type === RECORD.final) decodeFinal(body);
  else throw malformed(`a record has the unknown type ${type}`);
  return undefined;
};

type Arrived = { readonly record: MetricRecord; readonly decoded: DecodedSample | undefined };

const decode = ({ runId, masterInstanceId, records }: Batch): Arrived[] =>
  records.map((batchRecord) => {
    const decoded = checkRecord(batchRecord);
    const second = decoded?.sample.second ?? 0;
    return { record: { runId, masterInstanceId, ...batchRecord, second }, decoded };
  });

/** The run events that the plugin recorded. */
const pluginEvents = (records: readonly MetricRecord[]) =>
  records
    .filter(({ type }) => type === RECORD.event)
    .map(({ runId, masterInstanceId, seq, body }) => {
      const { atMs, type, message, data } = decodeEvent(body);
      const id = `${runId}:${masterInstanceId}:${seq}`;
      return { id, at: Math.round(atMs), type, message, ...(data == null ? {} : { data }) };
    });

const conflictEvents = (records: readonly MetricRecord[], at: number): ServerEvent[] =>
  records.map(({ runId, masterInstanceId, seq }) => ({
    id: `${runId}:${masterInstanceId}:${seq}:conflict`,
    at,
    type: "conflicting_record",
    message: `Record ${seq} arrived twice with different contents; the first was kept.`,
  }));

/** The endpoints and texts that samples have counts of, and the run has no name of. */
const unknownOf = ({ names, texts }: RunAggregate, arrived: readonly Arrived[]): string[] => {
  const unknown = new Set<string>();
  const needText = (id: string): void => {
    if (id !== OTHER_TEXT_ID && !texts.has(id)) unknown.add(id);
  };
  for (const { decoded } of arrived) {
    if (decoded === undefined) continue;
    for (const { id } of decoded.deltas) if (!names.has(id)) unknown.add(id);
    for (const { text } of decoded.sample.errors) needText(text);
    for (const { message, traceback } of decoded.sample.exceptions) {
      needText(message);
      needText(traceback);
    }
  }
  return [...unknown];
};

/**
 * Stores the plugin's batches. A record counts once, however often it arrives. Rejects with AppError: gone where the run
 * is deleted or a sample is older than the retention, validation where the batch is malformed, unavailable where it has
 * another protocol (nothing is stored then).
 */
export const createIngest = ({ metrics, events, runs, aggregates, oldestSecond }: Deps) => {
  const wantedRun = async (runId: string): Promise<LoadTestRun> => {
    const run = await runs.get(runId);
    if (run === undefined || run.deletingAt !== undefined)
      throw new AppError("gone", `There is no run ${runId}; its metrics are not accepted.`);
    return run;
  };
  const refuseOld = (records: readonly MetricRecord[]): void => {
    const oldest = oldestSecond();
    if (!records.some(({ second }) => second > 0 && second < oldest)) return;
    const time = new Date(oldest * 1000).toISOString();
    const message = `Samples from before ${time} are not accepted (retention.secondsDays).`;
    throw new AppError("gone", message);
  };

  return {
    isGreeting,
    ingestBatch: async (bytes: Uint8Array): Promise<Ingested> => {
      const batch = decodeBatch(bytes);
      const { runId } = batch;
      const arrived = decode(batch);
      const records = arrived.map(({ record }) => record);
      const run = await wantedRun(runId);
      refuseOld(records);
      const { inserted, conflicting } = await metrics.append(records, (index) =>
        denormalizedTotalsOf(run, arrived[index]?.decoded),
      );
      await aggregates.add(
        runId,
        inserted.flatMap((index) => arrived[index] ?? []),
      );
      const conflicts = conflicting.flatMap((index) => records[index] ?? []);
      const newEvents = [...pluginEvents(records), ...conflictEvents(conflicts, run.updatedAt)];
      if (newEvents.length > 0) await events.append(runId, newEvents);
      const unknownIds = unknownOf(await aggregates.get(runId), arrived);
      const acknowledgedSeq = records.reduce((last, { seq }) => Math.max(last, seq), 0);
      const samples = inserted.filter((index) => records[index]?.type === RECORD.sample).length;
      return { run, acknowledgedSeq, unknownIds, samples };
    },
  };
};
