import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { createAuthentication, replaceableAuthentication } from "./authenticate.ts";
import { createSessions } from "./sessions.ts";

const HOUR = 3_600_000;
const TOKEN = {
  name: "ann",
  token: "token-of-ann-1234",
  role: "runner",
  accountId: "acme",
} as const;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const jobs: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const job of jobs.splice(0)) await job.stop();
});

/** Two servers with one store, and a clock that the test moves. */
const servers = () => {
  const stores = createMemoryStores();
  let now = 1_000_000;
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const withTokens = (...apiTokens: (typeof TOKEN)[]) =>
    createAuthentication({ apiTokens, callbackTokens: [], apiToken: "administrator-1234" });
  const server = () => {
    const authentication = replaceableAuthentication(withTokens(TOKEN));
    const sessions = createSessions({ store: stores.sessions, authentication, clock, log: SILENT });
    jobs.push(sessions.job);
    return { sessions, removeToken: () => authentication.replace(withTokens()) };
  };
  const advance = (ms: number) => void (now += ms);
  const start = async (sessions: ReturnType<typeof createSessions>) => {
    const started = await sessions.start(TOKEN.token);
    if (started === undefined) throw new Error("the token is unknown");
    return started.cookie;
  };
  return { stores, a: server(), b: server(), advance, start };
};

describe("a session", () => {
  test("is of the token's holder, works on every server, and is stored without its cookie", async () => {
    const { stores, a, b, start } = servers();
    const cookie = await start(a.sessions);
    expect(await b.sessions.principalOf(cookie)).toEqual({
      actor: { kind: "user", id: "ann", name: "ann" },
      grants: [{ role: "runner", scope: { accountId: "acme" } }],
    });
    expect(await b.sessions.principalOf(`${cookie}x`)).toBeUndefined();
    expect(await a.sessions.start("another-token-1234")).toBeUndefined();
    const { records } = await stores.dump.walk("sessions");
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).not.toContain(cookie);
    expect(JSON.stringify(records)).not.toContain(TOKEN.token);
  });

  test("ends at once where it is ended, and on other servers within a second", async () => {
    const { a, b, start, advance } = servers();
    const cookie = await start(a.sessions);
    expect(await b.sessions.principalOf(cookie)).toBeDefined();
    await a.sessions.end(cookie);
    expect(await a.sessions.principalOf(cookie)).toBeUndefined();
    advance(1000);
    expect(await b.sessions.principalOf(cookie)).toBeUndefined();
    await a.sessions.end(cookie);
  });

  test("ends when a reload removes its token", async () => {
    const { a, start } = servers();
    const cookie = await start(a.sessions);
    a.removeToken();
    expect(await a.sessions.principalOf(cookie)).toBeUndefined();
  });

  test("ends after 12 hours without a request, and after 7 days", async () => {
    const { stores, a, start, advance } = servers();
    const idle = await start(a.sessions);
    const used = await start(a.sessions);
    for (let hours = 0; hours < 6; hours += 6) {
      advance(6 * HOUR);
      expect(await a.sessions.principalOf(used)).toBeDefined();
    }
    advance(6 * HOUR + 1);
    expect(await a.sessions.principalOf(idle)).toBeUndefined();
    for (let hours = 12; hours < 7 * 24; hours += 6) {
      expect(await a.sessions.principalOf(used)).toBeDefined();
      advance(6 * HOUR);
    }
    expect(await a.sessions.principalOf(used)).toBeUndefined();
    await a.sessions.expire();
    expect((await stores.dump.walk("sessions")).records).toEqual([]);
  });

  test("that ends, also on another server, ends what watches it", async () => {
    const { a, b, start, advance } = servers();
    const cookie = await start(a.sessions);
    let [ended, stopped] = [0, 0];
    b.sessions.watch(cookie, () => (ended += 1));
    const stop = b.sessions.watch(cookie, () => (stopped += 1));
    stop();
    b.sessions.job.start();
    await sleep(20);
    expect(ended).toBe(0);
    await a.sessions.end(cookie);
    advance(1000);
    b.sessions.job.wake();
    await expect.poll(() => ended).toBe(1);
    expect(stopped).toBe(0);
  });
});
