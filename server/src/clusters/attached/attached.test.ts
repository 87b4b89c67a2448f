import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PLUGIN_PROTOCOL } from "@load-manager/contract/plugin/protocol.ts";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { createAttached } from "./attached.ts";
import { PLUGIN_CAPABILITIES } from "../plugin/observation.ts";
import { NO_CAPABILITIES } from "../../runs/domain/capabilities.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A Locust without the plugin: the pages that the end of a run needs. */
const fakeLocust = async () => {
  const asked: string[] = [];
  const it = {
    state: "running",
    silent: false,
    requests: 0,
    asked,
    status: undefined as object | undefined,
  };
  const server = createServer((request, response) => {
    if (it.silent) {
      request.socket.destroy();
      return;
    }
    asked.push(`${request.method} ${request.url}`);
    response.setHeader("content-type", "application/json");
    if (request.url === "/stop") {
      it.state = "stopped";
      response.end(JSON.stringify({ success: true }));
    } else if (request.url === "/stats/requests") {
      const stats = [{ name: "Aggregated", num_requests: it.requests, num_failures: 0 }];
      response.end(JSON.stringify({ state: it.state, user_count: 1, stats }));
    } else if (request.url === "/load-manager/status" && it.status !== undefined) {
      response.end(JSON.stringify(it.status));
    } else {
      response.writeHead(404).end("{}");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const adapter = createAttached(
    {
      id: "a",
      kind: "attached",
      scope: {},
      maxConcurrentRuns: 1,
      baseUrl: `http://127.0.0.1:${port}`,
    },
    {
      callbackTokens: () => [],
      callbackUrls: () => [],
      runAddress: () => ({}),
      clock: systemClock,
    },
  );
  const stops = () => asked.filter((line) => line.endsWith("/stop"));
  return {
    it,
    stops,
    probe: adapter.probe,
    observe: adapter.observe,
    cleanUp: (run: ReturnType<typeof runOf>) => adapter.commands.cleanUp(run, async () => {}),
  };
};

const lost = runOf({
  status: "Failed",
  slot: 0,
  startSent: { at: 1, capabilities: NO_CAPABILITIES },
  finishedAt: 2,
});

test("a lost Locust without the plugin that comes back with load is stopped", async () => {
  const { it, stops, cleanUp } = await fakeLocust();
  it.silent = true;
  await expect(cleanUp(lost)).rejects.toMatchObject({ kind: "unavailable" });
  expect(stops()).toEqual([]);
  it.silent = false;
  await cleanUp(lost);
  expect(stops()).toEqual(["POST /stop"]);
  await cleanUp(lost);
  expect(stops()).toHaveLength(1);
});

test("a Locust whose request count fell shows other load, which is not stopped", async () => {
  const { it, stops, observe, cleanUp } = await fakeLocust();
  it.requests = 100;
  const seen = await observe({ ...lost, status: "Running" });
  expect(seen).toMatchObject({ kind: "load", load: { requests: 100 } });
  it.requests = 7;
  await cleanUp(lost);
  expect(stops()).toEqual([]);
  await observe({ ...lost, status: "Running" });
  it.requests = 8;
  await cleanUp(lost);
  expect(stops()).toEqual(["POST /stop"]);
});

test("a Locust that did not answer and shows fewer requests since is another one", async () => {
  const { it, observe } = await fakeLocust();
  const run = { ...lost, status: "Running" } as typeof lost;
  it.requests = 100;
  expect(await observe(run)).toMatchObject({ kind: "load" });
  it.silent = true;
  expect(await observe(run)).toMatchObject({ kind: "unreachable" });
  [it.silent, it.requests, it.state] = [false, 7, "stopped"];
  expect(await observe(run)).toMatchObject({ kind: "foreign" });
});

test.each([
  ["was not started by us", { startSent: undefined }],
  ["was started at Locust", { trigger: "external" }],
  ["was seen to end", { status: "Finished" }],
  [
    "had the plugin",
    { startSent: { at: 1, masterInstanceId: "b", capabilities: PLUGIN_CAPABILITIES } },
  ],
] as const)("load is left alone after a run that %s", async (_, fields) => {
  const { it, stops, cleanUp } = await fakeLocust();
  const run = { ...lost, ...fields } as typeof lost;
  await cleanUp(run);
  it.silent = true;
  await cleanUp(run);
  expect(stops()).toEqual([]);
});

test.each([
  ["ready", "idle"],
  ["stopped", "idle"],
  ["spawning", "busy"],
  ["running", "busy"],
])(
  "a Locust with the plugin whose load is nobody's run, and whose state is %s, is %s",
  async (state, expected) => {
    const { it, probe } = await fakeLocust();
    it.status = {
      protocol: PLUGIN_PROTOCOL,
      pluginVersion: "1",
      locustVersion: "2.47.0",
      pythonVersion: "3.11",
      masterInstanceId: "m",
      state,
      userCount: 0,
      workers: [],
      run: null,
    };
    expect((await probe()).state).toBe(expected);
  },
);
