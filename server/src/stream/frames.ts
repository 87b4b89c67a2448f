import { SampleEvent } from "@load-manager/contract/metrics-detail.ts";
import { RunEvent } from "@load-manager/contract/run.ts";
import { z } from "zod";
import { RECORD } from "../metrics/codec/batch.ts";
import { decodeCells, decodeRunCells, ROLLUP_SECONDS, SERIES } from "../metrics/codec/rollup.ts";
import type { MetricStore, MetricRecord } from "../stores/model/metric-store.ts";
import type { RunEventStore } from "../stores/model/event-store.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";
import { type Names, sampleEventOf, sampleEventOfCell, type Users } from "./sample-event.ts";

/** An event as it is sent, encoded once for all readers. */
export type Frame = {
  /** What the frame holds; readers whose cursor includes it leave it out. `undefined`: every reader gets it. */
  readonly position:
    | { readonly masterInstanceId: string; readonly seq: number }
    | { readonly arrival: number }
    | { readonly second: number }
    | undefined;
  /** A buffer, since a text would be encoded again for each reader. */
  readonly bytes: Buffer;
};

const frameBytes = (type: string, cursor: Cursor, json: string): Buffer =>
  Buffer.from(`event: ${type}\nid: ${encodeCursor(cursor)}\ndata: ${json}\n\n`);

const sampleBytes = (event: SampleEvent, cursor: Cursor): Buffer =>
  frameBytes("sample", cursor, JSON.stringify(z.encode(SampleEvent, event)));

/** A frame for every reader: the status at the start of the stream, its end. */
export const unpositionedFrame = (type: string, cursor: Cursor, value: unknown): Frame => ({
  position: undefined,
  bytes: frameBytes(type, cursor, JSON.stringify(value)),
});

/** How many events or records are read at once. */
const READ_LIMIT = 200;

/** Whether a record number is missing before one of the records: it may have been compacted meanwhile. */
const hasSeqGap = (records: readonly MetricRecord[], { seqs }: Cursor): boolean => {
  const last = new Map(seqs);
  return records.some(({ masterInstanceId, seq }) => {
    const isNext = seq === (last.get(masterInstanceId) ?? 0) + 1;
    last.set(masterInstanceId, seq);
    return !isNext;
  });
};

/** The next frames after a cursor, which moves to their end; none where everything has been read. */
export const nextFrames = async (
  stores: { readonly metrics: MetricStore; readonly events: RunEventStore },
  runId: string,
  cursor: Cursor,
  names: Names,
): Promise<Frame[]> => {
  const frames: Frame[] = [];
  for (const { arrival, event } of await stores.events.after(runId, cursor.arrival, READ_LIMIT)) {
    cursor.arrival = arrival;
    const type = event.type === "status" ? "status" : "event";
    const json = JSON.stringify(z.encode(RunEvent, event));
    frames.push({ position: { arrival }, bytes: frameBytes(type, cursor, json) });
  }
  const read = (): Promise<MetricRecord[]> =>
    stores.metrics.readAfter(runId, cursor.seqs, READ_LIMIT);
  let records = await read();
  if (hasSeqGap(records, cursor)) {
    for await (const frame of compactedFrames(stores.metrics, runId, cursor)) frames.push(frame);
    records = await read();
  }
  for (const { masterInstanceId, seq, type, second, body } of records) {
    cursor.seqs.set(masterInstanceId, seq);
    if (type !== RECORD.sample && type !== RECORD.snapshot) continue;
    cursor.second = Math.max(cursor.second, second);
    const bytes = sampleBytes(sampleEventOf(body, names), cursor);
    frames.push({ position: { masterInstanceId, seq }, bytes });
  }
  return frames;
};

/**
 * The frames of the seconds after a cursor that have been compacted since: one a second, without endpoints. The cursor
 * moves to their end.
 */
export const compactedFrames = async function* (
  metrics: MetricStore,
  runId: string,
  cursor: Cursor,
): AsyncGenerator<Frame> {
  const { compacted } = await metrics.readRollups(runId, { rollups: [] });
  const isReached = compacted.every(
    ({ masterInstanceId, toSeq }) => (cursor.seqs.get(masterInstanceId) ?? 0) >= toSeq,
  );
  if (isReached) return;
  const after = cursor.second;
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
      cursor.second = cell.start;
      const event = sampleEventOfCell(cell, users.get(cell.start) ?? { real: null, target: null });
      yield { position: { second: cell.start }, bytes: sampleBytes(event, cursor) };
    }
  }
  for (const { masterInstanceId, toSeq } of reading.compacted) {
    cursor.seqs.set(masterInstanceId, Math.max(cursor.seqs.get(masterInstanceId) ?? 0, toSeq));
  }
};
