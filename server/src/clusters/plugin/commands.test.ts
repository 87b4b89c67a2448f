import { expect, test } from "vitest";
import { createCallback } from "../callback.ts";
import { runOf } from "../../stores/testing/fixtures.ts";
import type { PluginClient } from "./client.ts";
import { pluginCommands } from "./commands.ts";

const sent = async (
  limits: { durationSeconds?: number; maxDurationSec?: number },
  publicUrl?: string,
) => {
  const bodies: object[] = [];
  const client = {
    status: async () => ({ kind: "no-plugin" }),
    command: async (_: string, body: object) => void bodies.push(body),
  } as unknown as PluginClient;
  const commands = pluginCommands(createCallback(["http://u"], ["t"], publicUrl), client);
  const { durationSeconds: _, maxDurationSec: __, ...run } = runOf();
  const hold = { run: { ...run, ...limits }, fence: 2 };
  await commands.attach(hold);
  await commands.start(hold);
  return bodies.map((body) =>
    Object.fromEntries(Object.entries(body).filter(([name]) => /Seconds$|^runUrl$/.test(name))),
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

test("attach and start send the address of the run where server.publicUrl is configured", async () => {
  const runUrl: unknown = expect.stringMatching(
    /^https:\/\/load\.example\/lm\/v1\/runs\/[0-9a-f-]{36}$/,
  );
  expect(await sent({}, "https://load.example/lm/")).toMatchObject([{ runUrl }, { runUrl }]);
});
