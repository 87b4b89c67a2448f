import { SampleEvent } from "@load-manager/contract/metrics-detail.ts";
import { RunEvent } from "@load-manager/contract/run.ts";
import { z } from "zod";
import type { RunAggregate } from "../metrics/live/run-aggregate.ts";
import { RECORD } from "../metrics/codec/batch.ts";
import {
  SERIES,
  ROLLUP_SECONDS,
  type Cell,
  decodeCells,
  decodeRunCells,
} from "../metrics/codec/rollup.ts";
import { viewOf } from "../metrics/codec/stats.ts";
import { percentile } from "../metrics/codec/histogram.ts";
import { classesOf, decodeSample, endpointsOf, workersOf } from "../metrics/codec/sample.ts";
import { addDelta, addTotals, emptyTotals, type Totals } from "../metrics/codec/totals.ts";
import type { MetricStore, RunEventStore, MetricRecord } from "../stores/ports.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";

/** One event as it is sent, made once for all readers; a reader that is at `place` already leaves it out. */
export type Frame = {
  readonly place:
    | { readonly masterInstanceId: string; readonly seq: number }
    | { readonly arrival: number }
    | { readonly second: number }
    | undefined;
  /** Encoded once: writing text would encode it for each reader. */
  readonly bytes: Buffer;
};

const frameBytes = (type: string, id: string, json: string): Buffer =>
  Buffer.from(`event: ${type}\nid: ${id}\ndata: ${json}\n\n`);

/** One that belongs to no place: the state at the beginning, the end. */
export const looseFrame = (type: string, cursor: Cursor, value: unknown): Frame => ({
  place: undefined,
  bytes: frameBytes(type, encodeCursor(cursor), JSON.stringify(value)),
});

type Names = RunAggregate["names"];

const figures = (totals: Totals) => {
  const { requests, failures, avgMs, histogram, bounds } = viewOf([totals], "all");
  const p = (rank: number): number | null => percentile(histogram, rank, bounds);
  return { requests, failures, avgResponseMs: avgMs, p };
};

const sampleEvent = (
  second: number,
  users: { readonly real: number | null; readonly target: number | null },
  all: Totals,
  endpoints: readonly (readonly [id: string, totals: Totals])[],
  names: Names,
  told: Pick<SampleEvent, "userClasses" | "workers">,
): SampleEvent => {
  const { p, ...shown } = figures(all);
  return {
    timestamp: second * 1000,
    ...shown,
    ...told,
    currentUsers: users.real,
    targetUsers: users.target,
    p50ResponseMs: p(50),
    p95ResponseMs: p(95),
    p99ResponseMs: p(99),
    endpoints: endpoints.map(([id, totals]) => {
      const { p: of, ...one } = figures(totals);
      const name = names.get(id) ?? { method: "", name: `(${id})` };
      return { ...name, ...one, p95ResponseMs: of(95) };
    }),
  };
};

const encoded = (event: SampleEvent): string => JSON.stringify(z.encode(SampleEvent, event));

const rowFrame = (row: MetricRecord, cursor: Cursor, names: Names): Frame => {
  const sample = decodeSample(row.body);
  const { users, parts, second, names: told } = sample;
  for (const { id, method, name } of told) names.set(id, { method, name });
  const all = emptyTotals();
  const endpoints = new Map<string, Totals>();
  for (const delta of endpointsOf({ parts })) {
    const totals = endpoints.get(delta.id) ?? emptyTotals();
    endpoints.set(delta.id, totals);
    addDelta(totals, delta, second);
  }
  for (const totals of endpoints.values()) addTotals(all, totals);
  const at = { real: users?.real ?? null, target: users?.target ?? null };
  return {
    place: { masterInstanceId: row.masterInstanceId, seq: row.seq },
    bytes: frameBytes(
      "sample",
      encodeCursor(cursor),
      encoded(
        sampleEvent(second, at, all, [...endpoints], names, {
          userClasses: classesOf(sample),
          workers: workersOf(sample),
        }),
      ),
    ),
  };
};

const cellFrame = (
  cell: Cell,
  users: { readonly real: number | null; readonly target: number | null },
  cursor: Cursor,
  names: Names,
): Frame => {
  const all = emptyTotals();
  addDelta(all, cell, cell.lastSecond);
  return {
    place: { second: cell.start },
    bytes: frameBytes(
      "sample",
      encodeCursor(cursor),
      encoded(sampleEvent(cell.start, users, all, [], names, { userClasses: [], workers: [] })),
    ),
  };
};

/** How much is read at once. */
const READ_AT_ONCE = 200;

/** Is there a row whose forerunner is not there? It may have been compacted meanwhile. */
const hasHole = (rows: readonly MetricRecord[], { seqs }: Cursor): boolean => {
  const last = new Map(seqs);
  return rows.some(({ masterInstanceId, seq }) => {
    const isNext = seq === (last.get(masterInstanceId) ?? 0) + 1;
    last.set(masterInstanceId, seq);
    return !isNext;
  });
};

/** The next frames after a cursor, which moves on; empty where there are none. */
export const nextFrames = async (
  stores: { readonly metrics: MetricStore; readonly events: RunEventStore },
  runId: string,
  cursor: Cursor,
  names: Names,
): Promise<Frame[]> => {
  const frames: Frame[] = [];
  for (const { arrival, event } of await stores.events.after(runId, cursor.arrival, READ_AT_ONCE)) {
    cursor.arrival = arrival;
    const type = event.type === "status" ? "status" : "event";
    const json = JSON.stringify(z.encode(RunEvent, event));
    frames.push({ place: { arrival }, bytes: frameBytes(type, encodeCursor(cursor), json) });
  }
  const read = (): Promise<MetricRecord[]> =>
    stores.metrics.readAfter(runId, cursor.seqs, READ_AT_ONCE);
  let rows = await read();
  if (hasHole(rows, cursor)) {
    for await (const frame of mergedFrames(stores.metrics, runId, cursor, names))
      frames.push(frame);
    rows = await read();
  }
  for (const row of rows) {
    cursor.seqs.set(row.masterInstanceId, row.seq);
    if (row.type !== RECORD.sample && row.type !== RECORD.snapshot) continue;
    cursor.second = Math.max(cursor.second, row.second);
    frames.push(rowFrame(row, cursor, names));
  }
  return frames;
};

/**
 * What lies between a cursor and now and has been compacted since: second by second, without its endpoints. The cursor
 * moves to the end of it.
 */
export const mergedFrames = async function* (
  metrics: MetricStore,
  runId: string,
  cursor: Cursor,
  names: Names,
): AsyncGenerator<Frame> {
  const { compacted } = await metrics.readRollups(runId, { rollups: [] });
  if (
    compacted.every(
      ({ masterInstanceId, toSeq }) => (cursor.seqs.get(masterInstanceId) ?? 0) >= toSeq,
    )
  )
    return;
  const from = cursor.second;
  const rollups = {
    level: 1,
    fromStart: Math.max(0, from - ROLLUP_SECONDS),
    toStart: Number.MAX_SAFE_INTEGER,
  };
  const reading = await metrics.readRollups(runId, {
    rollups: [SERIES.run, SERIES.all].map((series) => ({ ...rollups, series: [series] })),
  });
  const users = new Map<number, { readonly real: number | null; readonly target: number | null }>();
  for (const { series, level, start, body } of reading.rollups) {
    if (series === SERIES.run) {
      for (const facts of decodeRunCells(body, level, start)) {
        users.set(facts.start, { real: facts.users, target: facts.target });
      }
      continue;
    }
    for (const cell of decodeCells(body, level, start)) {
      if (cell.start <= from) continue;
      cursor.second = cell.start;
      const at = users.get(cell.start) ?? { real: null, target: null };
      yield cellFrame(cell, at, cursor, names);
    }
  }
  for (const { masterInstanceId, toSeq } of reading.compacted) {
    cursor.seqs.set(masterInstanceId, Math.max(cursor.seqs.get(masterInstanceId) ?? 0, toSeq));
  }
};
