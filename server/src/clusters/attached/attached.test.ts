import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
  const it = { state: "running", silent: false, requests: 0, asked };
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
    { callbackTokens: () => [], callbackUrls: () => [], clock: systemClock },
  );
  const stops = () => asked.filter((line) => line.endsWith("/stop"));
  return {
    it,
    stops,
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
