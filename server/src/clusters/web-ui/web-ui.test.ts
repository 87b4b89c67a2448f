import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { systemClock } from "../../lib/clock.ts";
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
const fakeLocust = async (page: keyof typeof PAGES, now: string, old = "running") => {
  const swarms: string[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/" && PAGES[page] !== undefined) response.end(PAGES[page](now));
    else if (request.url === "/stats/requests")
      response.end(JSON.stringify({ state: old, user_count: 1, stats: [] }));
    else if (request.url === "/swarm") {
      let body = "";
      request.on("data", (more) => (body += String(more)));
      request.on("end", () => {
        swarms.push(body);
        response.end(JSON.stringify({ success: true, message: "Swarming started" }));
      });
    } else response.writeHead(404).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { swarms, polled: createWebUi(`http://127.0.0.1:${port}`, () => [], systemClock) };
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

test("without a state in the page, the stats decide", async () => {
  const { swarms, polled } = await fakeLocust("none", "", "stopped");
  await expect(polled.setUsers(runOf(), 9, 3)).rejects.toThrow('it is "stopped"');
  expect(swarms).toEqual([]);
});
