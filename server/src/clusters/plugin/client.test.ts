import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PLUGIN_PROTOCOL } from "@load-manager/contract/plugin/protocol.ts";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import { createAttached } from "../attached/attached.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An attached cluster whose plugin answers every request with this. */
const clusterThatAnswers = async (answer: object) => {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = { id: "a", kind: "attached", scope: {}, maxConcurrentRuns: 1, baseUrl } as const;
  const none = () => [];
  return {
    baseUrl,
    ...createAttached(config, {
      callbackTokens: none,
      callbackUrls: none,
      runAddress: () => ({}),
      clock: systemClock,
    }),
  };
};

test.each([PLUGIN_PROTOCOL - 1, PLUGIN_PROTOCOL + 1])(
  "a plugin of protocol %i leaves the state of its cluster unknown, and the message says what to do",
  async (protocol) => {
    const { baseUrl, probe, observe } = await clusterThatAnswers({ protocol });
    const message = `${baseUrl}: the plugin has protocol ${protocol}, this server has protocol ${PLUGIN_PROTOCOL}; install the plugin of this server's version there`;
    expect(await probe()).toEqual({ state: "unknown", message });
    expect(await observe(runOf())).toEqual({ kind: "unreachable", refused: false, message });
  },
);

test("a status of this protocol that lacks fields is no answer, and the message says what to do", async () => {
  const { baseUrl, probe } = await clusterThatAnswers({ protocol: PLUGIN_PROTOCOL });
  expect(await probe()).toEqual({
    state: "unreachable",
    message: `${baseUrl}: the plugin's answer is not understood; install the plugin of this server's version there`,
  });
});
