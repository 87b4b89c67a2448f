import type { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import type { MetricRecord, MetricStore } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { decodeCells, decodeRunCells, ROLLUP_SECONDS, SERIES } from "../codec/rollup.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import { type Names, sampleEventOf, sampleEventOfCell, type Users } from "./sample-event.ts";

/** A position in the samples of a run: whoever is there has received everything up to it. It moves as samples are read. */
type SamplePosition = {
  /** The newest Unix second of a sample. */
  second: number;
  /** The newest record number of each master instance. */
  readonly seqs: Map<string, number>;
};

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
    const isNext = seq === (last.get(masterInstanceId) ?? 0) + 1;
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
  const read = (): Promise<MetricRecord[]> => metrics.readAfter(runId, position.seqs, READ_LIMIT);
  let records = await read();
  if (hasSeqGap(records, position)) {
    yield* compactedSamples(metrics, runId, position);
    records = await read();
  }
  for (const { masterInstanceId, seq, type, second, body } of records) {
    position.seqs.set(masterInstanceId, seq);
    if (type !== RECORD.sample && type !== RECORD.snapshot) continue;
    position.second = Math.max(position.second, second);
    yield { of: { masterInstanceId, seq }, event: sampleEventOf(body, names) };
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
