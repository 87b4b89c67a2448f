import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { SESSION_COOKIE } from "./cookies.ts";
import { runOf } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, stores, call } = testApp(withTokens);
afterAll(() => app.close());

/** Longer than the pause between two checks of who may go on reading. */
const WATCHED_MS = 1300;

/** Nothing ends this run soon: of one that was started at Locust nobody knows. */
const LASTING = { status: "Running", trigger: "external", locustClusterId: "none" } as const;

/** A server that listens and runs its jobs, with the live streams of a run. */
const listening = async ({ http, start }: typeof app, runId: string) => {
  const address = new URL(await http.listen({ port: 0, host: "127.0.0.1" }));
  await start(address.href);
  const url = `${address.origin}/v1/runs/${runId}/stream`;
  const stream = async (headers: Record<string, string>): Promise<IncomingMessage> => {
    const [answer] = (await once(get(url, { headers }), "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    return answer.resume();
  };
  return { stream };
};

let addresses = 0;
const signIn = (token: string, headers = {}) =>
  call("POST", "/v1/session", { body: { token }, headers, address: `10.0.0.${(addresses += 1)}` });
const cookieOf = (answer: Awaited<ReturnType<typeof signIn>>): string =>
  answer.headers["set-cookie"]?.toString().split(";")[0] ?? "";

describe("a session", () => {
  test("begins with a cookie that only this server's pages send, and ends with DELETE", async () => {
    const answer = await signIn(TOKENS.team);
    expect([answer.status, answer.json.name]).toEqual([201, "team"]);
    expect(answer.headers["set-cookie"]).toBeTypeOf("string");
    const set = String(answer.headers["set-cookie"]);
    for (const part of [`${SESSION_COOKIE}=`, "HttpOnly", "SameSite=Strict", "Path=/"])
      expect(set).toContain(part);
    expect(set).not.toContain("Secure");
    const headers = { cookie: cookieOf(answer) };
    expect((await call("GET", "/v1/load-tests", { headers })).status).toBe(200);
    // Of a page of another site: a person is not signed out by it.
    const foreign = { ...headers, "sec-fetch-site": "same-site" };
    const refused = await call("DELETE", "/v1/session", { headers: foreign });
    expect([refused.status, refused.headers["set-cookie"]]).toEqual([403, undefined]);
    expect((await call("DELETE", "/v1/session")).status).toBe(204);
    const own = { ...headers, "sec-fetch-site": "same-origin" };
    const out = await call("DELETE", "/v1/session", { headers: own });
    expect([out.status, String(out.headers["set-cookie"])]).toEqual([
      204,
      expect.stringContaining("Max-Age=0"),
    ]);
    const after = await call("GET", "/v1/load-tests", { headers });
    expect([after.status, after.json.detail]).toEqual([401, expect.stringContaining("has ended")]);
  });

  test.each([
    ["of the page itself", { "sec-fetch-site": "same-origin" }, 201],
    ["of the page itself, on plain http", { origin: "http://127.0.0.1" }, 201],
    ["of another site", { "sec-fetch-site": "cross-site", origin: "http://127.0.0.1" }, 403],
    ["of another host of the site", { "sec-fetch-site": "same-site" }, 403],
    ["of another site, on plain http", { origin: "http://evil.example" }, 403],
    ["of a program without either header", {}, 403],
  ])("makes a write %s with %j %i", async (_, headers, status) => {
    const cookie = cookieOf(await signIn(TOKENS.team));
    const answer = await call("POST", "/v1/load-tests", {
      body: LOAD_TEST,
      headers: { cookie, ...headers },
    });
    expect(answer.status).toBe(status);
  });

  test("an unknown token does not sign in, and a token in the header stands before the cookie", async () => {
    const wrong = await signIn("a-token-that-nobody-has");
    expect([wrong.status, wrong.headers["set-cookie"]]).toEqual([401, undefined]);
    const cookie = cookieOf(await signIn(TOKENS.team));
    const both = await call("GET", "/v1/me", { token: TOKENS.other, headers: { cookie } });
    expect(both.json.name).toBe("other");
  });

  test.each([
    ["https://load.example", true],
    ["HTTPS://Load.Example/path", true],
    ["http://https.example", false],
  ])("is Secure where people reach the server by https: %s", async (publicUrl, isSecure) => {
    const https = testApp((config) => ({
      ...withTokens(config),
      server: { ...config.server, publicUrl, trustProxy: ["10.0.0.9"] },
    }));
    const body = { token: TOKENS.team };
    const own = await https.call("POST", "/v1/session", { body });
    expect(String(own.headers["set-cookie"]).includes("Secure")).toBe(isSecure);
    const headers = { cookie: cookieOf(own), origin: new URL(publicUrl).origin };
    const made = await https.call("POST", "/v1/load-tests", { body: LOAD_TEST, headers });
    expect(made.status).toBe(201);
    await https.app.close();
  });

  test("without tokens there is nothing to sign in to", async () => {
    const open = testApp();
    const answer = await open.call("POST", "/v1/session", { body: { token: "x" } });
    expect([answer.status, answer.json.detail]).toEqual([
      409,
      expect.stringContaining("has no tokens"),
    ]);
    await open.app.close();
  });

  test("ends its live streams; those of a token go on, also beside an old cookie", async () => {
    const run = runOf({ accountId: "acme", orgId: "web", ...LASTING });
    await stores.runs.create(run);
    const cookie = cookieOf(await signIn(TOKENS.team));
    const { stream } = await listening(app, run.id);
    const authorization = `Bearer ${TOKENS.team}`;
    const own = await stream({ cookie });
    expect(own.headers["cache-control"]).toBe("no-store");
    const others = [await stream({ authorization }), await stream({ authorization, cookie })];
    await sleep(WATCHED_MS);
    expect(own.closed).toBe(false);
    await call("DELETE", "/v1/session", { headers: { cookie, "sec-fetch-site": "same-origin" } });
    await expect.poll(() => own.closed, { timeout: 1500 }).toBe(true);
    await sleep(WATCHED_MS);
    expect(others.map(({ closed }) => closed)).toEqual([false, false]);
  });

  test("that is old ends no stream of a server without tokens", async () => {
    const open = testApp();
    const run = runOf(LASTING);
    await open.stores.runs.create(run);
    const { stream } = await listening(open.app, run.id);
    const answer = await stream({ cookie: `${SESSION_COOKIE}=old` });
    await sleep(WATCHED_MS);
    expect(answer.closed).toBe(false);
    await open.app.close();
  });
});

describe("an address", () => {
  test("that guesses tokens gets 429 with Retry-After; a known token still works", async () => {
    const address = "10.9.0.1";
    const guess = () => call("GET", "/v1/load-tests", { token: "a-wrong-token-1234", address });
    const statuses = new Set<number>();
    for (let index = 0; index < 120; index += 1) statuses.add((await guess()).status);
    expect([...statuses]).toEqual([401]);
    const limited = await guess();
    expect([limited.status, Number(limited.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect((await call("GET", "/v1/load-tests", { token: TOKENS.team, address })).status).toBe(200);
    const callback = await call("POST", "/v1/internal/locust/test-start", {
      address,
      headers: { "x-locust-token": "wrong" },
      body: { runId: "x" },
    });
    expect(callback.status).toBe(401);
  });

  test("that tries to sign in too often gets 429", async () => {
    const body = { token: TOKENS.team };
    const attempt = () => call("POST", "/v1/session", { body, address: "10.9.0.2" });
    for (let index = 0; index < 20; index += 1) expect((await attempt()).status).toBe(201);
    expect((await attempt()).status).toBe(429);
  });
});
