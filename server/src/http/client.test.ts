import { createClient } from "@load-manager/contract/api/client.ts";
import { ProblemError, UnreachableError } from "@load-manager/contract/api/http-client.ts";
import type { StreamEvent } from "@load-manager/contract/api/stream.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleRecord, testRun } from "../metrics/testing/fixtures.ts";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, stores } = testApp(withTokens);
let baseUrl = "";
beforeAll(async () => {
  baseUrl = await app.http.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => app.close());
const clientAs = (token: string) => createClient({ baseUrl, token });

describe("the client", () => {
  test("creates once with the same idempotency key, and changes only the version that it names", async () => {
    const client = clientAs(TOKENS.team);
    const create = () => client.createLoadTest({ body: LOAD_TEST, idempotencyKey: "one" });
    const [first, again] = [await create(), await create()];
    expect(again.id).toBe(first.id);
    const params = { loadTestId: first.id };
    const update = (ifMatch: number) =>
      client.updateLoadTest({ params, body: { name: "new" }, ifMatch });
    expect(await update(first.version)).toMatchObject({ name: "new", version: 2 });
    const stale = await update(first.version).catch((error: unknown) => error);
    expect(stale).toBeInstanceOf(ProblemError);
    expect(stale).toMatchObject({ status: 412, problem: { title: "Stale version" } });
  });

  test("ends a request with its signal, and says where it cannot reach the server", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(clientAs(TOKENS.team).listRuns({ signal })).rejects.toThrow("enough");
    const nowhere = createClient({ baseUrl: "http://127.0.0.1:1" });
    await expect(nowhere.listRuns()).rejects.toBeInstanceOf(UnreachableError);
  });
});

/** A running run with samples of these seconds. */
const runWith = async (id: string, from: number, to: number) => {
  await stores.runs.create(testRun({ id, accountId: "acme", orgId: "web" }));
  await append(id, from, to);
};
const append = async (runId: string, from: number, to: number): Promise<void> => {
  for (let second = from; second <= to; second += 1) {
    const record = sampleRecord(second - 999, second, [{ name: "/a", ok: [10] }]);
    await stores.metrics.append([{ ...record, runId }]);
  }
};
const finish = async (id: string): Promise<void> => {
  const run = await stores.runs.get(id);
  const guard = { version: run?.version ?? 0 };
  await stores.runs.update(id, guard, { status: "Stopping" });
  const version = guard.version + 1;
  await stores.runs.update(id, { version }, { status: "Finished", settledAt: 9 });
};
const secondsOf = (events: readonly StreamEvent[]) =>
  events.flatMap((event) => (event.type === "sample" ? [event.data.timestamp / 1000] : []));
const span = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a stream of the client", () => {
  test("gives each event once, also where connections break, and ends with the run", async () => {
    await runWith("broken", 1000, 1004);
    const events: StreamEvent[] = [];
    const query = { lastEventId: "0" };
    for await (const event of clientAs(TOKENS.team).streamRun({
      params: { runId: "broken" },
      query,
    })) {
      events.push(event);
      const second = secondsOf([event])[0];
      if (second === 1002) app.http.server.closeAllConnections();
      if (second === 1004) {
        app.http.server.closeAllConnections();
        await append("broken", 1005, 1006);
      }
      if (second === 1006) await finish("broken");
    }
    expect(secondsOf(events)).toEqual(span(1000, 1006));
    const last = events.at(-1);
    expect(last).toMatchObject({ type: "end", data: { status: "Finished" } });
  });

  test("goes on after an event that another client has received", async () => {
    await runWith("resumed", 1000, 1003);
    const params = { runId: "resumed" };
    let id = "0";
    for await (const event of clientAs(TOKENS.team).streamRun({
      params,
      query: { lastEventId: id },
    })) {
      id = event.id;
      if (secondsOf([event])[0] === 1001) break;
    }
    await finish("resumed");
    const rest: StreamEvent[] = [];
    for await (const event of clientAs(TOKENS.team).streamRun({
      params,
      query: { lastEventId: id },
    }))
      rest.push(event);
    expect(secondsOf(rest)).toEqual([1002, 1003]);
  });

  test("ends with its signal, and rejects for a run that the caller may not see", async () => {
    await runWith("aborted", 1000, 1000);
    const abort = new AbortController();
    const reading = async (): Promise<void> => {
      const { signal } = abort;
      for await (const _ of clientAs(TOKENS.team).streamRun({
        params: { runId: "aborted" },
        signal,
      }))
        abort.abort(new Error("enough"));
    };
    await expect(reading()).rejects.toThrow("enough");
    const foreign = async (): Promise<void> => {
      for await (const event of clientAs(TOKENS.other).streamRun({ params: { runId: "aborted" } }))
        throw new Error(`an event: ${event.type}`);
    };
    await expect(foreign()).rejects.toMatchObject({ status: 404 });
  });
});
