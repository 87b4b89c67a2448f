import type { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import type { MetricRecord, MetricStore } from "../../stores/model/metric-store.ts";
import { decodeCells, decodeRunCells, ROLLUP_SECONDS, SERIES } from "../codec/rollup.ts";
import { samplesOf } from "../codec/spread.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import { type Names, sampleEventOf, sampleEventOfCell, type Users } from "./sample-event.ts";

/** A position in the samples of a run: whoever is there has received everything up to it. It moves as samples are read. */
type SamplePosition = {
  /** The newest Unix second of a sample. */
  second: number;
  /**
   * The newest record number of each master instance. While only the first samples of a record have been read, their number
   * counts as ten-thousandths beyond the number before it.
   */
  readonly seqs: Map<string, number>;
};

/** The position after the first `count` samples of a record. */
const within = (seq: number, count: number): number =>
  // As a cursor's text has it: a sum may be off in the last bit.
  Number((seq - 1 + count / 10_000).toFixed(4));

/** A sample, and what of the position it stands for: a record, or a second that has been compacted. */
export type FollowedSample = {
  readonly of:
    | { readonly masterInstanceId: string; readonly seq: number }
    | { readonly second: number };
  readonly event: SampleEvent;
};

/** Reads the samples of a run in the order in which they arrive. */
export type SampleFollower = {
  /** The position after everything that is stored now, and the endpoints' names so far. */
  readonly current: (
    runId: string,
  ) => Promise<{ readonly position: SamplePosition; readonly names: Names }>;
  /** The next samples after a position, which moves with each; none where everything has been read. */
  readonly next: (
    runId: string,
    position: SamplePosition,
    names: Names,
  ) => AsyncGenerator<FollowedSample>;
  /**
   * The seconds after a position that have been compacted since: one sample a second, without endpoints. The position
   * moves with each.
   */
  readonly compacted: (runId: string, position: SamplePosition) => AsyncGenerator<FollowedSample>;
};

/** How many records are read at once. */
const READ_LIMIT = 200;

/** Whether a record number is missing before one of the records: it may have been compacted meanwhile. */
const hasSeqGap = (records: readonly MetricRecord[], { seqs }: SamplePosition): boolean => {
  const last = new Map(seqs);
  return records.some(({ masterInstanceId, seq }) => {
    const isNext = seq === Math.floor(last.get(masterInstanceId) ?? 0) + 1;
    last.set(masterInstanceId, seq);
    return !isNext;
  });
};

const compactedSamples = async function* (
  metrics: MetricStore,
  runId: string,
  position: SamplePosition,
): AsyncGenerator<FollowedSample> {
  const { compacted } = await metrics.readRollups(runId, { rollups: [] });
  const isReached = compacted.every(
    ({ masterInstanceId, toSeq }) => (position.seqs.get(masterInstanceId) ?? 0) >= toSeq,
  );
  if (isReached) return;
  const after = position.second;
  const window = {
    level: 1,
    fromStart: Math.max(0, after - ROLLUP_SECONDS),
    toStart: Number.MAX_SAFE_INTEGER,
  };
  // Rollups come in the order of the queries: users are known before the cells that show them.
  const reading = await metrics.readRollups(runId, {
    rollups: [SERIES.run, SERIES.all].map((series) => ({ ...window, series: [series] })),
  });
  const users = new Map<number, Users>();
  for (const { series, level, start, body } of reading.rollups) {
    if (series === SERIES.run) {
      for (const cell of decodeRunCells(body, level, start))
        users.set(cell.start, { real: cell.users, target: cell.target });
      continue;
    }
    for (const cell of decodeCells(body, level, start)) {
      if (cell.start <= after) continue;
      position.second = cell.start;
      const event = sampleEventOfCell(cell, users.get(cell.start) ?? { real: null, target: null });
      yield { of: { second: cell.start }, event };
    }
  }
  for (const { masterInstanceId, toSeq } of reading.compacted) {
    position.seqs.set(masterInstanceId, Math.max(position.seqs.get(masterInstanceId) ?? 0, toSeq));
  }
};

const nextSamples = async function* (
  metrics: MetricStore,
  runId: string,
  position: SamplePosition,
  names: Names,
): AsyncGenerator<FollowedSample> {
  const read = (): Promise<MetricRecord[]> => {
    const whole = [...position.seqs].map(([id, seq]): [string, number] => [id, Math.floor(seq)]);
    return metrics.readAfter(runId, new Map(whole), READ_LIMIT);
  };
  let records = await read();
  if (hasSeqGap(records, position)) {
    yield* compactedSamples(metrics, runId, position);
    records = await read();
  }
  for (const record of records) {
    const { masterInstanceId, seq: last } = record;
    const reached = position.seqs.get(masterInstanceId) ?? 0;
    const samples = samplesOf(record);
    for (const [index, sample] of samples.entries()) {
      const isLast = index === samples.length - 1;
      const seq = isLast ? last : within(last, index + 1);
      const event = sampleEventOf(sample, names);
      if (seq <= reached) continue;
      position.seqs.set(masterInstanceId, seq);
      position.second = Math.max(position.second, sample.second);
      yield { of: { masterInstanceId, seq }, event };
    }
    position.seqs.set(masterInstanceId, last);
  }
};

export const createSampleFollower = (
  metrics: MetricStore,
  aggregates: Pick<RunAggregateCache, "getWithoutTotals">,
): SampleFollower => ({
  current: async (runId) => {
    const { lastSecond, masterInstances, names } = await aggregates.getWithoutTotals(runId);
    const seqs = [...masterInstances].map(
      ([masterInstanceId, { upTo, beyond }]): [string, number] => [
        masterInstanceId,
        [...beyond].reduce((last, seq) => Math.max(last, seq), upTo),
      ],
    );
    return { position: { second: lastSecond, seqs: new Map(seqs) }, names: new Map(names) };
  },
  next: (runId, position, names) => nextSamples(metrics, runId, position, names),
  compacted: (runId, position) => compactedSamples(metrics, runId, position),
});
