import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { reloadableApp as server, RUN, SECURITY, TOKEN_LINES } from "./testing/reloadable-app.ts";
import { LOAD_TEST, TOKENS } from "./testing/test-app.ts";

const ONE = "  - { id: one, kind: local }\n";
const attached = (id: string, url: string): string =>
  `  - { id: ${id}, baseUrl: "${url}", accountId: acme, orgId: web, projectId: shop }\n`;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test("a reload replaces clusters and tokens, and lists settings that need a restart", async () => {
  const { call, stores, write, reload } = server(`${SECURITY}locustClusters:\n${ONE}`);
  await stores.runs.create(RUN);
  expect((await call("GET", "/v1/me", { token: TOKENS.team })).status).toBe(200);
  const other = SECURITY.replace(TOKENS.team, TOKENS.other);
  write(`${other}server: { port: 1 }\nretention: { secondsDays: 1 }\nlocustClusters:
${attached("two", "http://127.0.0.1:1")}`);
  const { status, json } = await reload();
  expect([status, json]).toEqual([
    200,
    {
      reloaded: true,
      clusters: { added: ["two"], removed: ["one"], changed: [], draining: ["one"] },
      tokens: 3,
      needsRestart: ["server.port", "retention.secondsDays"],
      warnings: [expect.stringMatching(/^The cluster two cannot be reached: http:\/\/127/)],
    },
  ]);
  expect((await call("GET", "/v1/me", { token: TOKENS.team })).status).toBe(401);
  expect((await call("GET", "/v1/me", { token: TOKENS.other })).json).toMatchObject({
    name: "team",
  });
  const listed = await call("GET", "/v1/clusters", { token: TOKENS.admin });
  expect(listed.json.items.map((one: { id: string }) => one.id)).toEqual(["two"]);
  const gone = await call("GET", "/v1/clusters/one", { token: TOKENS.admin });
  expect(gone.json).toMatchObject({ id: "one", holders: [{ runId: "r1" }] });
  const refused = await call("POST", "/v1/load-tests", {
    token: TOKENS.admin,
    body: { ...LOAD_TEST, locustClusterId: "one" },
  });
  expect(refused.json).toMatchObject({ errors: [{ field: "locustClusterId" }] });
  await stores.runs.update("r1", { version: 1 }, { status: "Stopping" });
  await stores.runs.update("r1", { version: 2 }, { status: "Stopped", settledAt: 2 });
  expect((await call("GET", "/v1/clusters/one", { token: TOKENS.admin })).status).toBe(404);
});

test("only the administrator may reload", async () => {
  const { reload } = server(SECURITY);
  expect((await reload(TOKENS.team)).json).toMatchObject({
    status: 403,
    title: expect.any(String),
  });
  expect((await reload("")).status).toBe(401);
  const without = server("");
  expect((await without.reload("")).json).toMatchObject({ reloaded: true, tokens: 0 });
});

test("an invalid configuration is refused with its lines, and the previous one stays in force", async () => {
  const { call, write, reload } = server(SECURITY);
  write(`${SECURITY.replace(TOKENS.team, "short")}server:\n  prot: 1\n`);
  const { status, json } = await reload();
  expect([status, json.errors.map(({ field }: { field: string }) => field)]).toEqual([
    400,
    ["security.apiTokens[0].token", "server.prot"],
  ]);
  expect(json.detail).toMatch(/load-manager\.yaml:\d+:3: server\.prot is not a setting/);
  expect((await call("GET", "/v1/me", { token: TOKENS.team })).status).toBe(200);
});

test("a server reachable from other machines keeps its tokens, even if the file now has a loopback host", async () => {
  const { call, write, reload } = server(`${SECURITY}server: { host: 0.0.0.0 }\n`);
  write("server: { host: 127.0.0.1 }\n");
  expect((await reload()).json).toMatchObject({ status: 400, errors: [{ field: "server.host" }] });
  expect((await call("GET", "/v1/me")).status).toBe(401);
});

test("a server without tokens may get some", async () => {
  const { call, write, reload } = server("");
  write(SECURITY);
  expect((await reload("")).json).toMatchObject({ tokens: 3, needsRestart: [] });
  expect((await call("GET", "/v1/me")).status).toBe(401);
});

test("a plugin with a run gets the new callback token in a request with the old one", async () => {
  const received: { token: string | undefined; url: string | undefined; body: string }[] = [];
  const plugin = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const token = request.headers.authorization;
      received.push({ token, url: request.url, body });
      response.statusCode = token === `Bearer ${TOKENS.callback}` ? 200 : 401;
      response.end("{}");
    });
  });
  await new Promise<void>((resolve) => {
    plugin.listen(0, "127.0.0.1", resolve);
  });
  closing.push(() => plugin.close());
  const url = `http://127.0.0.1:${(plugin.address() as AddressInfo).port}`;
  const clusters = `locustClusters:\n${attached("one", url)}`;
  const { app, stores, call, write, reload } = server(`${SECURITY}${clusters}`);
  await stores.runs.create(RUN);
  const holder = app.holder;
  await stores.leases.claim({ clusterId: "one", slot: 0, holder, runId: "r1" }, undefined);
  write(`security:${TOKEN_LINES}  locustCallbackToken: a-new-callback\n${clusters}`);
  expect((await reload()).json).toMatchObject({ warnings: [], clusters: { changed: [] } });
  const attach = received.findLast(({ url: path }) => path === "/load-manager/attach");
  expect(attach?.token).toBe(`Bearer ${TOKENS.callback}`);
  expect(JSON.parse(attach?.body ?? "")).toMatchObject({ token: "a-new-callback", runId: "r1" });
  const start = (token: string) =>
    call("POST", "/v1/internal/locust/test-start", {
      headers: { "x-locust-token": token },
      body: { runId: "nobody" },
    });
  expect((await start(TOKENS.callback)).status).toBe(401);
  expect((await start("a-new-callback")).status).toBe(404);
});

test("an unreachable plugin is sent the token again until it has it, and not after that", async () => {
  const received: string[] = [];
  const plugin = createServer((request, response) => {
    if (request.url === "/load-manager/attach") received.push(request.url);
    response.end("{}");
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => {
      plugin.listen(port, "127.0.0.1", resolve);
    });
  await listen(0);
  const { port } = plugin.address() as AddressInfo;
  await new Promise((resolve) => {
    plugin.close(resolve);
  });
  const clusters = `locustClusters:\n${attached("one", `http://127.0.0.1:${port}`)}`;
  const { app, stores, write, reload } = server(`${SECURITY}${clusters}`);
  await stores.runs.create(RUN);
  const holder = app.holder;
  await stores.leases.claim({ clusterId: "one", slot: 0, holder, runId: "r1" }, undefined);
  write(`security:${TOKEN_LINES}  locustCallbackToken: a-new-callback\n${clusters}`);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  closing.push(() => vi.useRealTimers());
  expect((await reload()).json).toMatchObject({
    warnings: [
      expect.stringMatching(/^The plugin of run r1 did not receive .* sent again every 5 s/),
    ],
  });
  await listen(port);
  closing.push(() => plugin.close());
  await vi.advanceTimersByTimeAsync(5000);
  // Each check of waitFor advances the fake clock, too.
  await vi.waitFor(() => expect(received).toHaveLength(1), { timeout: 10_000, interval: 20 });
  for (let round = 0; round < 20; round += 1) {
    await vi.advanceTimersByTimeAsync(5000);
    await fetch(`http://127.0.0.1:${port}/`);
  }
  expect(received).toHaveLength(1);
});
