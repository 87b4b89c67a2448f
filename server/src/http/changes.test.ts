import { createClient } from "@load-manager/contract/api/client.ts";
import type { Hint } from "@load-manager/contract/api/changes.ts";
import type { ChangeEvent } from "@load-manager/contract/api/stream.ts";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sampleRecord, testRun } from "../metrics/testing/fixtures.ts";
import { freshId } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

/** Two servers on one store; their loops do not run. */
const one = testApp(withTokens);
const two = testApp(withTokens, undefined, undefined, one.stores);
const { stores } = one;
let first = "";
beforeAll(async () => {
  first = await one.app.http.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await one.app.close();
  await two.app.close();
});

const aborts: AbortController[] = [];
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort(new Error("over"));
});

/** A page of the first server: what it has received. Resolves when the first event is there. */
const open = async (token: string, query: { run?: string; lastEventId?: string } = {}) => {
  const abort = new AbortController();
  aborts.push(abort);
  const client = createClient({ baseUrl: first, token });
  const events: ChangeEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const event of client.streamChanges({ query, signal: abort.signal }))
      events.push(event);
  };
  const over = read().catch((error: unknown) => error);
  await expect.poll(() => events.length).toBeGreaterThan(0);
  const hints = (): Hint[] =>
    events.flatMap((event) => (event.type === "hint" ? [event.data] : []));
  return {
    events,
    over,
    hints,
    of: (id: string) => hints().filter((hint) => "id" in hint && hint.id === id),
  };
};

const TEAM = { token: TOKENS.team };
/** Names of accounts are of the tokens, so that each test has an object of its own by its id. */
const create = async (app: typeof one): Promise<string> =>
  (
    await app.call("POST", "/v1/load-tests", {
      ...TEAM,
      body: { ...LOAD_TEST, locustfile: SCRIPT },
    })
  ).json.id;

test("own writes are told at once, those of another server within a look, to those who may see them", async () => {
  const team = await open(TOKENS.team);
  const other = await open(TOKENS.other);
  expect(team.hints()).toEqual([{ kind: "many" }]);
  const own = await create(one);
  await expect.poll(() => team.of(own), { timeout: 300 }).toHaveLength(1);
  expect(team.of(own)).toEqual([{ kind: "loadTest", id: own, version: 1 }]);

  const foreign = await create(two);
  const started = await two.call("POST", `/v1/load-tests/${foreign}/runs`, { ...TEAM, body: {} });
  const runId: string = started.json.id;
  await expect.poll(() => team.of(runId), { timeout: 5000 }).toHaveLength(1);
  expect(team.of(foreign)).toEqual([{ kind: "loadTest", id: foreign, version: 1 }]);
  expect(team.of(runId)).toEqual([
    { kind: "run", id: runId, loadTestId: foreign, status: "Pending", verdict: "none", version: 1 },
  ]);

  await two.call("POST", `/v1/runs/${runId}/stop`, { ...TEAM, body: {} });
  await expect
    .poll(() => team.of(runId).at(-1), { timeout: 5000 })
    .toMatchObject({
      status: "Stopped",
    });
  expect((await one.call("DELETE", `/v1/load-tests/${own}`, TEAM)).status).toBe(204);
  await expect
    .poll(() => team.of(own).at(-1), { timeout: 300 })
    .toEqual({ kind: "loadTest", id: own, version: 1, gone: true });
  expect((await two.call("DELETE", `/v1/load-tests/${foreign}`, TEAM)).status).toBe(204);
  await expect
    .poll(() => team.of(foreign).at(-1), { timeout: 5000 })
    .toMatchObject({ kind: "loadTest", id: foreign, gone: true });
  // What was deleted before a page has opened is not told: its first hint has it read everything.
  const late = await open(TOKENS.team);
  const last = await create(two);
  await expect.poll(() => late.of(last), { timeout: 5000 }).toHaveLength(1);
  expect([late.of(own), late.of(foreign)]).toEqual([[], []]);
  // Another tenant has seen nothing but the first event, and nothing is told twice.
  expect(other.events).toEqual([{ type: "hint", data: { kind: "many" } }]);
  const keys = team.hints().map((hint) => JSON.stringify(hint));
  expect(keys).toHaveLength(new Set(keys).size);
}, 20_000);

test("of many changes in a second only the first are told one by one", async () => {
  const page = await open(TOKENS.team);
  const ids: string[] = [];
  for (let count = 0; count < 12; count += 1) {
    const id = freshId();
    ids.push(id);
    const run = testRun({ id, accountId: "acme", orgId: "web", projectId: "shop" });
    await stores.runs.create({
      ...run,
      createdAt: 1_700_000_000_000,
      updatedAt: 1_700_000_000_000,
    });
  }
  await expect
    .poll(() => page.hints().filter(({ kind }) => kind === "many").length, { timeout: 6000 })
    .toBe(2);
  const told = page.hints().filter((hint) => "id" in hint && ids.includes(hint.id));
  expect(told.length).toBeLessThanOrEqual(5);
  expect(page.hints().at(-1)).toEqual({ kind: "many" });
}, 15_000);

test("a run is sent in full beside the hints, once over broken connections, and its end ends nothing", async () => {
  const id = freshId();
  const append = async (from: number, to: number): Promise<void> => {
    for (let at = from; at <= to; at += 1)
      await stores.metrics.append([
        { ...sampleRecord(at - 999, at, [{ name: "/a", ok: [10] }]), runId: id },
      ]);
  };
  await stores.runs.create(testRun({ id, accountId: "acme", orgId: "web" }));
  await append(1000, 1003);
  const page = await open(TOKENS.team, { run: id, lastEventId: "0" });
  const seconds = () =>
    page.events.flatMap((event) => (event.type === "sample" ? [event.data.timestamp / 1000] : []));
  await expect.poll(seconds, { timeout: 5000 }).toEqual([1000, 1001, 1002, 1003]);
  one.app.http.server.closeAllConnections();
  await append(1004, 1006);
  await expect.poll(seconds, { timeout: 8000 }).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006]);
  // The new connection tells again to read everything.
  expect(page.hints().filter(({ kind }) => kind === "many")).toHaveLength(2);
  await stores.runs.update(id, { version: 1 }, { status: "Stopping" });
  await stores.runs.update(id, { version: 2 }, { status: "Finished", settledAt: 9 });
  const ends = () => page.events.filter(({ type }) => type === "end").length;
  await expect.poll(ends, { timeout: 5000 }).toBe(1);
  const later = await create(one);
  await expect.poll(() => page.of(later), { timeout: 3000 }).toHaveLength(1);
  one.app.http.server.closeAllConnections();
  await expect
    .poll(() => page.hints().filter(({ kind }) => kind === "many").length, { timeout: 8000 })
    .toBe(3);
  expect(ends()).toBe(1);
}, 40_000);

test("a run that the caller may not see is not found, and an id of no event is refused", async () => {
  const id = freshId();
  await stores.runs.create(testRun({ id, accountId: "acme", orgId: "web" }));
  const read = async (token: string, query: { run: string; lastEventId?: string }) => {
    const client = createClient({ baseUrl: first, token });
    for await (const event of client.streamChanges({ query })) throw new Error(event.type);
  };
  await expect(read(TOKENS.other, { run: id })).rejects.toMatchObject({ status: 404 });
  const wrong = read(TOKENS.team, { run: id, lastEventId: "x" });
  await expect(wrong).rejects.toMatchObject({ status: 400 });
  expect((await one.call("GET", "/v1/stream")).status).toBe(401);
});
