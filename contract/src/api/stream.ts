import { EventSourceParserStream } from "eventsource-parser/stream";
import type { z } from "zod";
import { RunEvent } from "../model/run.ts";
import { EndEvent, SampleEvent } from "./metrics-detail.ts";

/** `id`: pass it as `lastEventId` to go on after this event. Times in `data` are Unix ms. */
export type StreamEvent = { readonly id: string } & (
  | { readonly type: "sample"; readonly data: SampleEvent }
  | { readonly type: "status" | "event"; readonly data: RunEvent }
  | { readonly type: "end"; readonly data: z.output<typeof EndEvent> }
);

const SHAPES = { sample: SampleEvent, status: RunEvent, event: RunEvent, end: EndEvent } as const;
const isKnown = (type: string | undefined): type is keyof typeof SHAPES =>
  type !== undefined && type in SHAPES;

/** A server that is silent for this long is gone: it sends a comment every 15 s. */
const SILENT_MS = 45_000;
/** The pauses before a new connection: the first, and the longest. */
const RECONNECT_MS = { first: 500, most: 10_000 };

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });

/** The bytes of a body, until it ends or is silent for too long. */
const bytesOf = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const reader = body.getReader();
  return new ReadableStream({
    pull: async (controller) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("the stream is silent")), SILENT_MS);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), silence]);
        if (done) controller.close();
        else controller.enqueue(new Uint8Array(value));
      } catch (error) {
        await reader.cancel().catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
};

/** The events of one connection. */
const eventsOf = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const frames = bytesOf(body)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await frames.read();
      if (done) return;
      // An event of a later version is not for this program.
      if (!isKnown(value.event)) continue;
      const data = SHAPES[value.event].parse(JSON.parse(value.data));
      yield { id: value.id ?? "", type: value.event, data } as StreamEvent;
    }
  } finally {
    await frames.cancel().catch(() => {});
  }
};

/**
 * The events of a stream from the first connection to the run's end. Where a connection breaks it goes on after the last
 * event on a new one, so that each event comes once. Throws what `open` throws where that may not be tried again, or where
 * the first connection fails.
 */
export const followStream = async function* (
  open: (lastEventId: string | undefined) => Promise<Response>,
  options: {
    readonly lastEventId: string | undefined;
    readonly signal: AbortSignal | undefined;
    readonly mayRetry: (error: unknown) => boolean;
  },
): AsyncGenerator<StreamEvent> {
  const { signal, mayRetry } = options;
  let { lastEventId } = options;
  let waitMs = RECONNECT_MS.first;
  for (let connected = false; ;) {
    try {
      const { body } = await open(lastEventId);
      connected = true;
      if (body !== null) {
        for await (const event of eventsOf(body)) {
          waitMs = RECONNECT_MS.first;
          lastEventId = event.id;
          yield event;
          if (event.type === "end") return;
        }
      }
    } catch (error) {
      if (signal?.aborted === true || !connected || !mayRetry(error)) throw error;
    }
    await pause(waitMs, signal);
    waitMs = Math.min(2 * waitMs, RECONNECT_MS.most);
  }
};
