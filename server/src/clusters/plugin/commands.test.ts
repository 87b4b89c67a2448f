import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import type { PluginClient } from "./client.ts";
import { pluginCommands } from "./commands.ts";

const sent = async (limits: { durationSeconds?: number; maxDurationSec?: number }) => {
  const bodies: object[] = [];
  const client = {
    status: async () => ({ kind: "no-plugin" }),
    command: async (_: string, body: object) => void bodies.push(body),
  } as unknown as PluginClient;
  const callback = { callbackTokens: () => ["t"], callbackUrls: () => ["http://u"] };
  const commands = pluginCommands(callback, client);
  const { durationSeconds: _, maxDurationSec: __, ...run } = runOf();
  const hold = { run: { ...run, ...limits }, fence: 2 };
  await commands.attach(hold);
  await commands.start(hold);
  return bodies.map((body) =>
    Object.fromEntries(Object.entries(body).filter(([name]) => name.endsWith("Seconds"))),
  );
};

test.each([
  [{ maxDurationSec: 1800 }, { maxSeconds: 1800 }],
  [
    { durationSeconds: 60, maxDurationSec: 1800 },
    { durationSeconds: 60, maxSeconds: 1800 },
  ],
  [{}, {}],
])("attach and start send the limits %j", async (limits, expected) => {
  const [attach, start] = await sent(limits);
  expect(attach).toEqual(expected);
  expect(start).toMatchObject(expected);
});
