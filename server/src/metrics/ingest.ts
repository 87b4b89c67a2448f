import { AppError } from "../lib/errors.ts";
import type { MetricStore, RunEventStore, RunStore, SampleRow } from "../stores/ports.ts";
import { type Batch, decodeBatch, RECORD } from "./batch.ts";
import { ByteReader, malformed } from "./bytes.ts";
import { emptyHistogram, addEncoded } from "./histogram.ts";
import type { LiveRuns } from "./live.ts";
import { decodeEvent, decodeFinal, decodeOpen } from "./records.ts";
import { decodeSample, eachEndpoint } from "./sample.ts";

export type Ingested = {
  readonly runId: string;
  /** Everything up to and in this batch is stored; the plugin forgets it. */
  readonly acknowledgedSeq: number;
  /** Ids whose names have not arrived. */
  readonly unknownEndpoints: string[];
};

type Deps = {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly runs: RunStore;
  readonly live: LiveRuns;
};

/** Reads a record whole, so that nothing is stored that cannot be read later. Answers the second of a sample, else 0. */
const checked = (type: number, body: Uint8Array): number => {
  switch (type) {
    case RECORD.open:
      decodeOpen(body);
      return 0;
    case RECORD.sample: {
      const { second, parts } = decodeSample(body);
      for (const part of parts) {
        eachEndpoint(part, ({ ok, failed }) => {
          addEncoded(emptyHistogram(), ok);
          addEncoded(emptyHistogram(), failed);
        });
      }
      return second;
    }
    case RECORD.event:
      decodeEvent(body);
      return 0;
    case RECORD.dropped: {
      const reader = new ByteReader(body);
      if (reader.varint() > reader.varint())
        throw malformed("a dropped range ends before it begins");
      return 0;
    }
    case RECORD.final:
      decodeFinal(body);
      return 0;
    default:
      throw malformed(`it has a record of the unknown type ${type}`);
  }
};

const rowsOf = ({ runId, attempt, boot, records }: Batch): SampleRow[] =>
  records.map(({ seq, type, body }) => ({
    runId,
    attempt,
    boot,
    seq,
    type,
    second: checked(type, body),
    body,
  }));

const eventsOf = (rows: readonly SampleRow[]) =>
  rows
    .filter((row) => row.type === RECORD.event)
    .map((row) => {
      const { atMs, type, message, data } = decodeEvent(row.body);
      const id = `${row.runId}:${row.attempt}:${row.boot}:${row.seq}`;
      return { id, at: Math.round(atMs), type, message, ...(data == null ? {} : { data }) };
    });

/** Takes batches of the plugin's records: each counts once, however often it arrives. Rejects with AppError gone or validation. */
export const createIngest = ({ metrics, events, runs, live }: Deps) => ({
  ingestBatch: async (bytes: Uint8Array): Promise<Ingested> => {
    const batch = decodeBatch(bytes);
    const { runId } = batch;
    const rows = rowsOf(batch);
    const run = await runs.get(runId);
    if (run === undefined) {
      throw new AppError("gone", `There is no run ${runId}; its figures are not wanted any more.`);
    }
    const { inserted, conflicting } = await metrics.append(rows);
    const fresh = inserted.flatMap((index) => rows[index] ?? []);
    await live.add(runId, fresh);
    await events.append(runId, [
      ...eventsOf(rows),
      ...conflicting.map((index) => {
        const seq = rows[index]?.seq ?? 0;
        return {
          id: `${runId}:${batch.boot}:${seq}:conflict`,
          at: run.updatedAt,
          type: "conflicting_record",
          message: `The record ${seq} arrived twice with different contents; the first was kept.`,
        };
      }),
    ]);
    const known = (await live.of(runId)).names;
    const unknown = new Set<string>();
    for (const row of rows) {
      if (row.type !== RECORD.sample) continue;
      for (const part of decodeSample(row.body).parts) {
        eachEndpoint(part, ({ id }) => {
          if (!known.has(id)) unknown.add(id);
        });
      }
    }
    const acknowledgedSeq = Math.max(0, ...rows.map((row) => row.seq));
    return { runId, acknowledgedSeq, unknownEndpoints: [...unknown] };
  },
});
