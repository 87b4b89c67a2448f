import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { systemClock } from "../../lib/clock.ts";
import { createPages } from "./pages.ts";
import { createSleepers } from "./sleepers.ts";
import { Stats } from "./stats.ts";
import { createWebUi } from "./web-ui.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The page `/` of Locust up to 2.27 (old) and later (new). */
const PAGES = {
  old: (state: string) => `<!DOCTYPE html>\n<head>\n</head>\n<body class="${state}">\n<p>10 users`,
  new: (state: string) =>
    `<script>\n      window.templateArgs = {"extra_options": {"state": {"choices": null}}, "spawn_rate": 1, "state": "${state}", "users": null}\n</script>`,
  none: undefined,
};

/** Its stats are outdated, as Locust's may be: they show `old` as the state. */
const fakeLocust = async (
  page: keyof typeof PAGES,
  now: string,
  old = "running",
  says = "Swarming started",
) => {
  const swarms: string[] = [];
  const stops: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/" && PAGES[page] !== undefined)
      response.end(now.startsWith("<") ? now : PAGES[page](now));
    else if (request.url === "/stats/requests")
      response.end(JSON.stringify({ state: old, user_count: 1, stats: [] }));
    else if (request.url === "/swarm") {
      let body = "";
      request.on("data", (more) => (body += String(more)));
      request.on("end", () => {
        swarms.push(body);
        response.end(JSON.stringify({ success: true, message: says }));
      });
    } else if (request.url === "/stop") {
      stops.push(request.method ?? "");
      response.end("{}");
    } else response.writeHead(404).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return { swarms, stops, polled: createWebUi(url, () => [], systemClock), url };
};

test.each([
  ["old", "stopped"],
  ["old", "stopping"],
  ["new", "stopped"],
  ["new", "ready"],
] as const)(
  "a change of users does not start ended load: the %s page says %s",
  async (page, state) => {
    const { swarms, polled } = await fakeLocust(page, state);
    await expect(polled.setUsers(runOf(), 9, 3)).rejects.toMatchObject({ kind: "conflict" });
    expect(swarms).toEqual([]);
  },
);

test.each([
  ["old", "running"],
  ["new", "spawning"],
  ["none", "running"],
] as const)(
  "a change of users is sent while there is load: the %s page says %s",
  async (page, state) => {
    const { swarms, polled } = await fakeLocust(page, state);
    await polled.setUsers(runOf({ targetUrl: "http://shop" }), 9, 3);
    expect(swarms).toEqual(["user_count=9&spawn_rate=3&host=http%3A%2F%2Fshop"]);
  },
);

test.each([
  ["Swarming started using shape class", /has a LoadTestShape, which decides/],
  ["Swarming started using shape class 'Steps'", /has the LoadTestShape Steps, which decides/],
])("the load of a shape is stopped, and refused: %s", async (says, message) => {
  const { stops, polled } = await fakeLocust("new", "running", "running", says);
  await expect(polled.setUsers(runOf(), 9, 3)).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringMatching(message),
    extra: { code: "setting_refused", field: "loadProfile" },
  });
  expect(stops).toEqual(["POST"]);
});

test("without a state in the page, the stats decide", async () => {
  const { swarms, polled } = await fakeLocust("none", "", "stopped");
  await expect(polled.setUsers(runOf(), 9, 3)).rejects.toThrow('it is "stopped"');
  expect(swarms).toEqual([]);
});

test.each([
  ["2.12.1", `<a href="https://github.com/locustio/locust/releases/tag/2.12.1">2.12.1</a>`],
  ["2.47.0", `<script>window.templateArgs = {"state": "ready", "version": "2.47.0"}</script>`],
  [undefined, "<p>a page of somebody else's"],
])("the page tells Locust's version: %s", async (version, html) => {
  const pages = createPages((await fakeLocust("old", html)).url, () => [], systemClock);
  expect(await pages.version()).toBe(version);
});

test("workers that sleep after a load make the cluster busy until they are back, or lost", () => {
  const clock = { at: 0, now: () => 1_000_000 + clock.at, monotonic: () => clock.at };
  const sleepers = createSleepers(clock);
  const page = (state: string, workers: number) =>
    Stats.parse({
      state,
      user_count: 0,
      stats: [],
      workers: Array.from({ length: workers }, (_, id) => ({ id: String(id), state: "ready" })),
    });
  const run = runOf({ stopTimeoutSeconds: 10 });
  sleepers.note(run, page("running", 2));
  expect(sleepers.among(page("stopped", 0))).toBeUndefined();
  clock.at = 1000;
  sleepers.note(run, page("stopped", 0));
  clock.at = 4000.4;
  expect(sleepers.among(page("stopped", 1))).toEqual({
    message:
      "Locust is still stopping: 1 of its 2 workers are ready again; the others sleep for its stop timeout.",
    freeAt: 1_011_000,
  });
  expect(sleepers.among(page("stopped", 2))).toBeUndefined();
  clock.at = 16_000;
  expect(sleepers.among(page("stopped", 0))).toBeUndefined();
});
