import { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import { RunEvent } from "@load-manager/contract/model/run.ts";
import { z } from "zod";
import type { FollowedSample, SampleFollower } from "../metrics/query/follow.ts";
import type { Names } from "../metrics/query/sample-event.ts";
import type { RunEventStore } from "../stores/model/event-store.ts";
import { type Cursor, encodeCursor } from "./cursor.ts";

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

const sampleFrame = ({ of, event }: FollowedSample, cursor: Cursor): Frame => ({
  position: of,
  bytes: frameBytes("sample", cursor, JSON.stringify(z.encode(SampleEvent, event))),
});

/** A frame for every reader: the status at the start of the stream, its end. */
export const unpositionedFrame = (type: string, cursor: Cursor, value: unknown): Frame => ({
  position: undefined,
  bytes: frameBytes(type, cursor, JSON.stringify(value)),
});

/** What a stream is read from. */
export type StreamSources = { readonly samples: SampleFollower; readonly events: RunEventStore };

/** How many events are read at once. */
const READ_LIMIT = 200;

/** The next frames after a cursor, which moves to their end; none where everything has been read. */
export const nextFrames = async (
  { samples, events }: StreamSources,
  runId: string,
  cursor: Cursor,
  names: Names,
): Promise<Frame[]> => {
  const frames: Frame[] = [];
  for (const { arrival, event } of await events.after(runId, cursor.arrival, READ_LIMIT)) {
    cursor.arrival = arrival;
    const type = event.type === "status" ? "status" : "event";
    const json = JSON.stringify(z.encode(RunEvent, event));
    frames.push({ position: { arrival }, bytes: frameBytes(type, cursor, json) });
  }
  for await (const sample of samples.next(runId, cursor, names))
    frames.push(sampleFrame(sample, cursor));
  return frames;
};

/** The frames of the seconds after a cursor that have been compacted since. The cursor moves with each. */
export const compactedFrames = async function* (
  { samples }: Pick<StreamSources, "samples">,
  runId: string,
  cursor: Cursor,
): AsyncGenerator<Frame> {
  for await (const sample of samples.compacted(runId, cursor)) yield sampleFrame(sample, cursor);
};
