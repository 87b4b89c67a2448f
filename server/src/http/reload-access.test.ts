import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { digestOf } from "../lib/secrets.ts";
import { reloadableApp, RUN, SECURITY } from "./testing/reloadable-app.ts";
import { LOAD_TEST, SCRIPT, TOKENS } from "./testing/test-app.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const CLUSTERS = "locustClusters: [{ id: one, kind: local }]\n";

/** A server that listens, with a running run, and the live streams of its readers. */
const withStreams = async (text: string) => {
  const it = reloadableApp(text);
  const { app, call, stores } = it;
  closing.push(app.close);
  await stores.runs.create(RUN);
  const address = new URL(await app.http.listen({ port: 0, host: "127.0.0.1" }));
  await app.start(address.href);
  const signIn = async (token: string): Promise<string> => {
    const answer = await call("POST", "/v1/session", { body: { token } });
    return String(answer.headers["set-cookie"]).split(";")[0] ?? "";
  };
  const stream = async (
    headers: Record<string, string>,
    path = `/v1/runs/${RUN.id}/stream`,
  ): Promise<IncomingMessage> => {
    const request = get(`${address.origin}${path}`, { headers });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(200);
    return answer.resume();
  };
  return { ...it, signIn, stream };
};
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test.each([
  ["moved to another tenant", SECURITY.replace("accountId: acme", "accountId: umbrella")],
  ["narrowed to another project", SECURITY.replace("orgId: web", "orgId: web, projectId: other")],
  ["removed", SECURITY.replace(/ +apiTokens:\n.*\n/, "")],
])("streams of a token that is %s end at the reload, others do not", async (_, next) => {
  const { write, reload, signIn, stream } = await withStreams(SECURITY);
  const cookie = await signIn(TOKENS.team);
  const ending = [
    await stream({ cookie }),
    await stream(bearer(TOKENS.team)),
    await stream({ cookie }, "/v1/stream"),
    await stream(bearer(TOKENS.team), "/v1/stream"),
  ];
  const staying = await stream(bearer(TOKENS.admin));
  write(SECURITY);
  expect((await reload()).status).toBe(200);
  await sleep(1200);
  expect(ending.map(({ closed }) => closed)).toEqual([false, false, false, false]);
  write(next);
  expect((await reload()).status).toBe(200);
  await expect
    .poll(() => ending.map(({ closed }) => closed), { timeout: 1500 })
    .toEqual([true, true, true, true]);
  expect(staying.closed).toBe(false);
});

test("a session whose token a reload has removed stays ended when the token is there again", async () => {
  const { call, write, reload, signIn } = await withStreams(SECURITY);
  const cookie = await signIn(TOKENS.team);
  const me = async () => (await call("GET", "/v1/me", { headers: { cookie } })).status;
  expect(await me()).toBe(200);
  write(SECURITY.replace(/ +apiTokens:\n.*\n/, ""));
  await reload();
  expect(await me()).toBe(401);
  write(SECURITY);
  await reload();
  expect(await me()).toBe(401);
});

test("a server that starts deletes sessions whose token it does not have", async () => {
  const { app, stores } = reloadableApp(SECURITY);
  closing.push(app.close);
  const session = { createdAt: 1_700_000_000_000, lastUsedAt: 1_700_000_000_000, version: 1 };
  const [mine, other] = ["mine", "other"];
  const add = (id: string, token: string) =>
    stores.sessions.create({ id, tokenDigest: digestOf(token), ...session });
  await add(mine, TOKENS.team);
  await add(other, "a-token-that-was-removed");
  await app.start("http://127.0.0.1:1");
  expect(await stores.sessions.get(mine)).toBeDefined();
  expect(await stores.sessions.get(other)).toBeUndefined();
});

test("a changed role keeps the Idempotency-Key; a changed scope keeps the answer from its caller", async () => {
  const { call, stores, write, reload } = reloadableApp(`${SECURITY}${CLUSTERS}`);
  const token = TOKENS.team;
  const created = await call("POST", "/v1/load-tests", {
    body: { ...LOAD_TEST, locustfile: SCRIPT },
    token,
  });
  const path = `/v1/load-tests/${created.json.id}/runs`;
  const start = () => call("POST", path, { token, headers: { "idempotency-key": "once" } });
  const first = await start();
  expect(first.status).toBe(201);
  write(`${SECURITY.replace("orgId: web", "orgId: web, role: runner")}${CLUSTERS}`);
  await reload();
  const again = await start();
  expect([again.status, again.json.id]).toEqual([201, first.json.id]);
  expect(again.headers["idempotency-replayed"]).toBe("true");
  expect(await stores.runs.count(created.json.id, ["Pending"])).toBe(1);
  write(`${SECURITY.replace("orgId: web", "orgId: web, role: viewer")}${CLUSTERS}`);
  await reload();
  expect((await start()).status).toBe(403);
  write(`${SECURITY.replace("accountId: acme", "accountId: umbrella")}${CLUSTERS}`);
  await reload();
  const foreign = await start();
  expect([foreign.status, foreign.text.includes(first.json.id)]).toEqual([404, false]);
});
