import { expect, test } from "vitest";
import { createConnection } from "./connection.ts";

const setUp = () => {
  let next: () => Promise<Response> = () => Promise.reject(new TypeError("Failed to fetch"));
  let now = 1000;
  const connection = createConnection(() => next(), { now: () => now });
  const changes: boolean[] = [];
  const end = connection.subscribe(() => changes.push(connection.isLost()));
  const ask = (answer: Response | Error, init?: RequestInit) => {
    next = () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer));
    return connection.fetch("/v1/runs", init).catch((error: unknown) => error);
  };
  return { connection, changes, end, ask, at: (ms: number) => (now = ms) };
};
const REFUSED = new TypeError("Failed to fetch");

test("one request that finds no server tells that it is away, and any answer that it is there again", async () => {
  const { connection, changes, end, ask, at } = setUp();
  await ask(new Response("{}"));
  expect([connection.isLost(), connection.answeredAt()]).toEqual([false, 1000]);
  at(3000);
  expect(await ask(REFUSED)).toBe(REFUSED);
  await ask(REFUSED);
  expect([connection.isLost(), connection.answeredAt()]).toEqual([true, 1000]);
  at(9000);
  // A refusal is an answer.
  await ask(new Response("{}", { status: 404 }));
  expect([connection.isLost(), connection.answeredAt()]).toEqual([false, 9000]);
  expect(changes).toEqual([true, false]);
  end();
  await ask(REFUSED);
  expect(changes).toHaveLength(2);
});

test("a proxy's word for a server that is away is no answer of it; its own problem is one", async () => {
  const { connection, ask } = setUp();
  await ask(new Response("<h1>Bad Gateway</h1>", { status: 502 }));
  expect([connection.isLost(), connection.answeredAt()]).toEqual([true, 0]);
  const headers = { "content-type": "application/problem+json" };
  await ask(new Response("{}", { status: 503, headers }));
  expect(connection.isLost()).toBe(false);
});

test("a request that the page itself ends tells nothing", async () => {
  const { connection, ask } = setUp();
  const signal = AbortSignal.abort();
  await ask(new DOMException("ended", "AbortError"), { signal });
  expect(connection.isLost()).toBe(false);
});
