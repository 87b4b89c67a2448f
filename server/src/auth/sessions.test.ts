import { describe, expect, test } from "vitest";
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

/** Two servers with one store, and a clock that the test moves. */
const servers = () => {
  const stores = createMemoryStores();
  let now = 1_000_000;
  const lines: string[] = [];
  let use = stores.sessions.use;
  let reads = 0;
  let held: Promise<void> = Promise.resolve();
  const holdReads = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  const refuseUses = () => {
    use = () => Promise.reject(new Error("the disk is full"));
  };
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const withTokens = (...apiTokens: (typeof TOKEN)[]) =>
    createAuthentication({ apiTokens, callbackTokens: [], apiToken: "administrator-1234" });
  const server = () => {
    const authentication = replaceableAuthentication(withTokens(TOKEN));
    const log = { ...SILENT, warn: ({ event }: { readonly event: string }) => lines.push(event) };
    const store = {
      ...stores.sessions,
      use: (...args: Parameters<typeof stores.sessions.use>) => use(...args),
      get: async (id: string) => {
        reads += 1;
        const session = await stores.sessions.get(id);
        await held;
        return session;
      },
    };
    const sessions = createSessions({ store, authentication, clock, log });
    return {
      sessions,
      removeToken: () => authentication.replace(withTokens()),
      addToken: () => authentication.replace(withTokens(TOKEN)),
    };
  };
  const advance = (ms: number) => void (now += ms);
  const start = async (sessions: ReturnType<typeof createSessions>) => {
    const started = await sessions.start(TOKEN.token);
    if (started === undefined) throw new Error("the token is unknown");
    return started.cookie;
  };
  return {
    stores,
    a: server(),
    b: server(),
    advance,
    start,
    lines,
    refuseUses,
    holdReads,
    reads: () => reads,
  };
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

  test("is read once for many that ask at the same time, and does not come back by a read that was under way", async () => {
    const { stores, a, start, advance, reads, holdReads } = servers();
    const cookie = await start(a.sessions);
    const before = reads();
    const asked = await Promise.all([1, 2, 3].map(() => a.sessions.peek(cookie)));
    expect(asked).not.toContain(undefined);
    expect(reads() - before).toBe(1);
    advance(1000);
    const release = holdReads();
    const late = a.sessions.peek(cookie);
    await Promise.resolve();
    await a.sessions.end(cookie);
    release();
    expect(await late).toBeDefined();
    expect(await a.sessions.peek(cookie)).toBeUndefined();
    expect((await stores.dump.walk("sessions")).records).toEqual([]);
  });

  test("ends when a reload removes its token", async () => {
    const { a, start } = servers();
    const cookie = await start(a.sessions);
    a.removeToken();
    expect(await a.sessions.principalOf(cookie)).toBeUndefined();
  });

  test("stays ended when its token is configured again, on every server", async () => {
    const { a, b, start, advance } = servers();
    const cookie = await start(a.sessions);
    a.removeToken();
    await a.sessions.endWithoutToken();
    a.addToken();
    expect(await a.sessions.principalOf(cookie)).toBeUndefined();
    advance(1000);
    expect(await b.sessions.principalOf(cookie)).toBeUndefined();
    const next = await start(a.sessions);
    await a.sessions.endWithoutToken();
    expect(await a.sessions.principalOf(next)).toBeDefined();
  });

  test("can be used where the store takes no writes, which is logged once a minute", async () => {
    const { a, start, advance, lines, refuseUses } = servers();
    const cookie = await start(a.sessions);
    refuseUses();
    advance(60_000);
    for (let times = 0; times < 3; times += 1)
      expect(await a.sessions.principalOf(cookie)).toBeDefined();
    expect(lines).toEqual(["session_use_not_stored"]);
    advance(60_000);
    expect(await a.sessions.principalOf(cookie)).toBeDefined();
    expect(lines).toHaveLength(2);
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
});
