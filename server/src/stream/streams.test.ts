import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { RECORD } from "../metrics/codec/batch.ts";
import { createCompactor } from "../metrics/rollups/compactor.ts";
import { jsonRecord, type Requests, sampleRecord, testRun } from "../metrics/testing/fixtures.ts";
import { createSampleFollower } from "../metrics/query/follow.ts";
import { createRunAggregateCache } from "../metrics/live/run-aggregate-cache.ts";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { createStreams } from "./streams.ts";

const log = pino({ level: "silent" });
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const setUp = async (stores = createMemoryStores()) => {
  await stores.runs.create(testRun());
  const { metrics } = stores;
  const samples = createSampleFollower(metrics, createRunAggregateCache(metrics));
  let dropped = 0;
  const streams = createStreams({
    runs: stores.runs,
    events: stores.events,
    samples,
    changes: { add: () => () => {} },
    log,
    onDropped: () => {
      dropped += 1;
    },
  });
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    const from = request.headers["last-event-id"];
    streams.reader(testRun(), typeof from === "string" ? from : undefined)(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    streams.stop();
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const connect = async (lastEventId?: string): Promise<IncomingMessage> => {
    const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const request = get({ host: "127.0.0.1", port, headers });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    return answer.setEncoding("utf8");
  };
  const read = async (lastEventId?: string) => {
    const answer = await connect(lastEventId);
    let text = "";
    let ended = false;
    answer.on("data", (chunk: string) => {
      text += chunk;
    });
    answer.on("end", () => {
      ended = true;
    });
    const events = () =>
      text
        .split("\n\n")
        .filter((part) => part.startsWith("event: "))
        .map((part) => {
          const [type, id, data] = part
            .split("\n")
            .map((line) => line.slice(line.indexOf(" ") + 1));
          return {
            type,
            id: id ?? "",
            data: JSON.parse(data ?? "null") as Record<string, unknown>,
          };
        });
    return {
      events,
      seconds: () =>
        events()
          .filter(({ type }) => type === "sample")
          .map(({ data }) => Date.parse(String(data["timestamp"])) / 1000),
      ended: () => ended,
      close: () => answer.destroy(),
    };
  };
  const append = async (from: number, to: number, more: readonly Requests[] = []) => {
    for (let second = from; second <= to; second += 1) {
      const requests = [{ name: "/a", ok: [10, 20], failed: [5] }, ...more];
      await stores.metrics.append([sampleRecord(second - 998, second, requests)]);
    }
    streams.wake("run");
  };
  return { stores, streams, read, connect, append, responses, dropped: () => dropped };
};

const span = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const until = (condition: () => boolean) => expect.poll(condition, { timeout: 10_000 }).toBe(true);

describe("a stream", () => {
  test("sends samples, status and events as they arrive, each once, and the end", async () => {
    const { stores, read, append } = await setUp();
    await stores.metrics.append([jsonRecord(1, RECORD.open, { loadStartedAtMs: 1_000_000 })]);
    const reader = await read();
    await until(() => reader.events().length === 1);
    expect(reader.events()[0]).toMatchObject({ type: "status", data: { data: { to: "Running" } } });
    await append(1000, 1004);
    await stores.events.append("run", [
      { id: "1", at: 5, type: "note", message: "look" },
      { id: "2", at: 6, type: "status", message: "Stopping", data: { to: "Stopping" } },
    ]);
    await until(() => reader.events().length === 8);
    expect(reader.seconds()).toEqual(span(1000, 1004));
    expect(reader.events().find(({ type }) => type === "sample")?.data).toMatchObject({
      requests: 3,
      failures: 1,
      currentUsers: 5,
      targetUsers: 5,
      endpoints: [{ method: "GET", name: "/a", requests: 3, failures: 1 }],
    });
    expect(reader.events().map(({ type }) => type)).toEqual(expect.arrayContaining(["event"]));
    await stores.runs.update("run", { version: 1 }, { status: "Stopping" });
    await stores.runs.update("run", { version: 2 }, { status: "Finished", settledAt: 9 });
    await until(reader.ended);
    expect(reader.events().at(-1)).toMatchObject({ type: "end", data: { status: "Finished" } });
  });

  test("of a run whose store failed at first works for the next reader", async () => {
    const stores = createMemoryStores();
    let failures = 1;
    const after: typeof stores.events.after = async (...args) => {
      if (failures > 0) throw new Error(`the store fails ${failures--} times`);
      return stores.events.after(...args);
    };
    const { connect, read, append } = await setUp({
      ...stores,
      events: { ...stores.events, after },
    });
    const failed = await connect("0");
    failed.on("error", () => {});
    await until(() => failed.closed);
    const reader = await read("0");
    await append(1000, 1001);
    await until(() => reader.seconds().length === 2);
  });

  test("continues after the last event of a reader or from the start, also when samples have been compacted", async () => {
    const { stores, read, append } = await setUp();
    await append(1000, 1010);
    const first = await read("0");
    await until(() => first.seconds().length === 11);
    first.close();
    const { id } = first
      .events()
      .find(({ data }) => data["timestamp"] === "1970-01-01T00:16:44.000Z") ?? { id: "" };
    await append(1011, 1400);
    const second = await read(id);
    await until(() => second.seconds().length >= 396);
    await append(1401, 1402);
    await until(() => second.seconds().length >= 398);
    expect(second.seconds()).toEqual(span(1005, 1402));
    const compactor = createCompactor({
      metrics: stores.metrics,
      clock: { now: () => 1_300_000, monotonic: () => 0, wall: () => 1_300_000 },
      log,
      retention: { secondsDays: 14, tenSecondsDays: 90 },
      keptRunIds: async () => [],
    });
    await compactor.runOnce();
    await compactor.stop();
    expect((await stores.metrics.read("run")).length).toBeLessThan(300);
    for (const [place, expected] of [
      [id, span(1005, 1402)],
      ["0", span(1000, 1402)],
    ] as const) {
      const late = await read(place);
      await until(() => late.seconds().length >= expected.length);
      expect(late.seconds()).toEqual(expected);
    }
  });

  test("misses no sample that is compacted while a reader follows or catches up", async () => {
    const { stores, read, append } = await setUp();
    const compactAll = async (): Promise<void> => {
      const compactor = createCompactor({
        metrics: stores.metrics,
        clock: { now: () => 9_000_000, monotonic: () => 0, wall: () => 9_000_000 },
        log,
        retention: { secondsDays: 14, tenSecondsDays: 90 },
        keptRunIds: async () => [],
      });
      await compactor.runOnce();
      await compactor.stop();
    };
    await append(1000, 1005);
    const reader = await read("0");
    await until(() => reader.seconds().length === 6);
    // These are compacted before the feed reads them; then another arrives, or the run ends.
    const rows = [1006, 1007].map((second) =>
      sampleRecord(second - 998, second, [{ name: "/a", ok: [1] }]),
    );
    await stores.metrics.append(rows);
    await compactAll();
    await append(1008, 1008);
    await until(() => reader.seconds().length >= 9);
    expect(reader.seconds()).toEqual(span(1000, 1008));
    await compactAll();
    const late = await read(`1004.0.${"b0".repeat(16)}-6`);
    await until(() => late.seconds().length >= 4);
    expect(late.seconds()).toEqual(span(1005, 1008));
    await stores.metrics.append([sampleRecord(11, 1009, [{ name: "/a", ok: [1] }])]);
    await compactAll();
    await stores.runs.update("run", { version: 1 }, { status: "Failed", settledAt: 9 });
    await until(() => reader.ended() && late.ended());
    expect([reader.seconds().at(-1), late.seconds().at(-1)]).toEqual([1009, 1009]);
    expect(reader.events().at(-1)?.type).toBe("end");
  });

  test("drops events that a slow reader cannot take, and does not delay other readers", async () => {
    const { streams, read, connect, append, responses, dropped } = await setUp();
    const slow = await connect();
    slow.pause();
    const quick = await read();
    await until(() => quick.events().length === 1);
    const wide = Array.from({ length: 60 }, (_, index) => ({ name: `/${index}`, ok: [1] }));
    for (let from = 1000; from < 4000; from += 100) {
      await append(from, from + 99, wide);
      await until(() => quick.seconds().length === from - 900);
    }
    expect(streams.readers()).toBe(2);
    const waiting = Math.max(...responses.map(({ writableLength }) => writableLength));
    expect(waiting).toBeGreaterThan(4 * 1024 * 1024);
    expect(waiting).toBeLessThan(5 * 1024 * 1024);
    let text = "";
    slow.on("data", (chunk: string) => {
      text += chunk;
    });
    slow.resume();
    await until(() => responses.every(({ writableLength }) => writableLength === 0));
    await append(4000, 4000);
    await until(() => text.includes("1970-01-01T01:06:40.000Z"));
    const arrived = text.split("event: sample").length - 1;
    expect(arrived).toBeLessThan(3000);
    expect(dropped()).toBe(3001 - arrived);
  });

  test("refuses a Last-Event-ID that is not the id of an event", async () => {
    const { streams } = await setUp();
    expect(() => streams.reader(testRun(), "yesterday")).toThrow(/Last-Event-ID/);
  });
});
