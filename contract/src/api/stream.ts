import { EventSourceParserStream } from "eventsource-parser/stream";
import type { z } from "zod";
import type { RunEvent } from "../model/run.ts";
import type { Hint } from "./changes.ts";
import type { EndEvent, SampleEvent } from "./metrics-detail.ts";

/** `id`: pass it as `lastEventId` to go on after this event. Times in `data` are Unix ms. */
export type StreamEvent = { readonly id: string } & (
  | { readonly type: "sample"; readonly data: SampleEvent }
  | { readonly type: "status" | "event"; readonly data: RunEvent }
  | { readonly type: "end"; readonly data: z.output<typeof EndEvent> }
);

/** An event of the stream of changes. A hint has no id: it is not repeated on a later connection. */
export type ChangeEvent = StreamEvent | { readonly type: "hint"; readonly data: Hint };

/** The types of events, which the frames of a stream name. */
const EVENT_TYPES = ["sample", "status", "event", "end", "hint"] as const;
type EventType = (typeof EVENT_TYPES)[number];
const isKnown = (type: string | undefined): type is EventType =>
  EVENT_TYPES.some((known) => known === type);

/** Gives the data of an event the program's form, or throws. */
export type ReadEvent = (type: EventType, json: unknown) => unknown;

/** A server that is silent for this long is gone: it sends a comment every 15 s. */
const SILENT_MS = 45_000;
/** The pauses before a new connection: the first, and the longest. */
const RECONNECT_MS = { first: 500, most: 10_000 };

/** What answers is no stream that this program can read; the same answer would come again. */
export class UnreadableStreamError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "UnreadableStreamError";
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
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

const dataOf = (read: ReadEvent, type: EventType, text: string): unknown => {
  try {
    return read(type, JSON.parse(text));
  } catch (error) {
    throw new UnreadableStreamError(
      `The stream has an event (${type}) that this program cannot read; is the server of another version?`,
      error,
    );
  }
};

/** The events of one connection. `onRetry` is told the pause that the server asks for, in ms. */
const eventsOf = async function* (
  { headers, body }: Response,
  read: ReadEvent,
  onRetry: (ms: number) => void,
): AsyncGenerator<ChangeEvent> {
  const type = headers.get("content-type") ?? "no content type";
  if (!/^text\/event-stream\s*(;|$)/i.test(type)) {
    await body?.cancel().catch(() => {});
    throw new UnreadableStreamError(
      `The answer is not a stream but ${type}; is the address that of the server?`,
    );
  }
  if (body === null) return;
  const frames = bytesOf(body)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onRetry }))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await frames.read();
      if (done) return;
      // An event of a later version is not for this program.
      if (!isKnown(value.event)) continue;
      const data = dataOf(read, value.event, value.data);
      const id = value.event === "hint" ? {} : { id: value.id ?? "" };
      yield { ...id, type: value.event, data } as ChangeEvent;
    }
  } finally {
    await frames.cancel().catch(() => {});
  }
};

/**
 * The events of a stream from the first connection to the run's end; with `endless` further, where the run's end comes once,
 * too. Where a connection breaks it goes on after the last
 * event on a new one, so that each event comes once; it waits as long as the server asks for. Throws UnreadableStreamError,
 * what `open` throws where that may not be tried again or the first connection fails, and the reason of the signal.
 */
export const followStream = async function* (
  open: (lastEventId: string | undefined) => Promise<Response>,
  options: {
    readonly lastEventId: string | undefined;
    readonly endless: boolean;
    readonly signal: AbortSignal | undefined;
    readonly read: ReadEvent;
    readonly mayRetry: (error: unknown) => boolean;
    /** How long the server has asked to wait, in ms. */
    readonly waitOf: (error: unknown) => number | undefined;
  },
): AsyncGenerator<ChangeEvent> {
  const { signal, read, mayRetry, waitOf, endless } = options;
  let { lastEventId } = options;
  let hasRunEnded = false;
  let firstMs = RECONNECT_MS.first;
  let waitMs = firstMs;
  for (let connected = false; ;) {
    let askedMs: number | undefined;
    try {
      const response = await open(lastEventId);
      connected = true;
      for await (const event of eventsOf(response, read, (ms) => (waitMs = firstMs = ms))) {
        waitMs = firstMs;
        if (event.type !== "hint") lastEventId = event.id;
        // A new connection repeats the end of a run.
        if (event.type === "end" && hasRunEnded) continue;
        yield event;
        hasRunEnded ||= event.type === "end";
        if (hasRunEnded && !endless) return;
      }
    } catch (error) {
      const isFinal = error instanceof UnreadableStreamError || !mayRetry(error);
      if (signal?.aborted === true || !connected || isFinal) throw error;
      askedMs = waitOf(error);
    }
    await pause(askedMs ?? waitMs, signal);
    waitMs = Math.max(firstMs, Math.min(2 * waitMs, RECONNECT_MS.most));
  }
};
