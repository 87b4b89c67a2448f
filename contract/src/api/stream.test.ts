import { afterEach, expect, test, vi } from "vitest";
import { createClient } from "./client.ts";
import { ProblemError } from "./http-client.ts";
import { type StreamEvent, UnreadableStreamError } from "./stream.ts";

afterEach(() => vi.useRealTimers());

const STREAM = { "content-type": "text/event-stream; charset=utf-8" };
const status = (id: string): string =>
  `event: status\nid: ${id}\ndata: ${JSON.stringify({ at: "2026-11-23T10:15:00.123Z", type: "status", message: "Running" })}\n\n`;
const END = `event: end\nid: 9.1\ndata: ${JSON.stringify({ runId: "r", status: "Finished" })}\n\n`;

/** A client whose server gives these answers one after the other, the last one again and again. */
const clientOf = (...answers: (() => Response)[]) => {
  const asked: (string | null)[] = [];
  const client = createClient({
    baseUrl: "http://server.example",
    fetch: async (_, init) => {
      init?.signal?.throwIfAborted();
      asked.push(new Headers(init?.headers).get("last-event-id"));
      const next = answers[Math.min(asked.length, answers.length) - 1];
      if (next === undefined) throw new Error("no answer");
      return next();
    },
  });
  const read = async (signal?: AbortSignal): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = [];
    const args = { params: { runId: "r" }, ...(signal === undefined ? {} : { signal }) };
    for await (const event of client.streamRun(args)) events.push(event);
    return events;
  };
  return { asked, read };
};
const stream = (text: string) => () => new Response(text, { headers: STREAM });

test("an event that cannot be read is an error, not a reason to connect again", async () => {
  for (const data of ["{}", "not JSON"]) {
    const { asked, read } = clientOf(stream(`${status("1.1")}event: sample\ndata: ${data}\n\n`));
    const error = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnreadableStreamError);
    expect(String(error)).toContain("(sample)");
    expect(asked).toHaveLength(1);
  }
  const known = clientOf(stream(`event: of-a-later-version\ndata: x\n\n${END}`));
  expect(await known.read()).toMatchObject([{ type: "end" }]);
});

test("an answer that is no stream is an error, also on a later connection", async () => {
  const page = () => new Response("<p>Sign in", { headers: { "content-type": "text/html" } });
  await expect(clientOf(page).read()).rejects.toThrow("not a stream but text/html");
  const { asked, read } = clientOf(stream(status("1.1")), page);
  await expect(read()).rejects.toBeInstanceOf(UnreadableStreamError);
  expect(asked).toEqual([null, "1.1"]);
});

test.each([429, 503])("after a %i it waits as long as Retry-After says", async (code) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const busy = () => new Response("{}", { status: code, headers: { "retry-after": "37" } });
  const { asked, read } = clientOf(stream(status("1.1")), busy, stream(END));
  const reading = read();
  await vi.advanceTimersByTimeAsync(600);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(36_800);
  expect(asked).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(200);
  expect((await reading).map(({ type }) => type)).toEqual(["status", "end"]);
});

test("a first answer that refuses says when to ask again", async () => {
  const { read } = clientOf(
    () => new Response("{}", { status: 503, headers: { "retry-after": "5" } }),
  );
  const error = await read().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ status: 503, retryAfterSeconds: 5 });
});

test("it waits as long as the stream's retry says", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { asked, read } = clientOf(stream(`retry: 20000\n\n${status("1.1")}`), stream(END));
  const reading = read();
  await vi.advanceTimersByTimeAsync(19_000);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1100);
  expect(await reading).toHaveLength(2);
});

test.each([["text"], [{ why: "enough" }], [new Error("enough")]])(
  "a signal that ends a pause rejects with its own reason: %s",
  async (reason) => {
    const abort = new AbortController();
    const { asked, read } = clientOf(stream(status("1.1")));
    const reading = read(abort.signal);
    setTimeout(() => abort.abort(reason), 100);
    expect(await reading.catch((thrown: unknown) => thrown)).toBe(reason);
    expect(asked).toHaveLength(1);
  },
);
