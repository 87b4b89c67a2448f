import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createClient } from "@load-manager/contract/api/client.ts";
import { afterEach, expect, test } from "vitest";
import { startShop } from "../examples/shop/shop.ts";
import {
  defineShop,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const TOKENS = {
  admin: "Zk3-log-administrator-9",
  team: "Zk3-log-of-the-shop-team",
  callback: "Zk3-log-callback-new-9",
  oldCallback: "Zk3-log-callback-old-9",
  plugin: "Zk3-log-of-the-plugin-9",
};
const CONFIG = `
server: { publicUrl: "https://load.example" }
logging: { level: trace }
security:
  apiToken: ${TOKENS.admin}
  apiTokens: [{ name: team, token: ${TOKENS.team}, accountId: acc }]
  locustCallbackToken: [${TOKENS.callback}, ${TOKENS.oldCallback}]
locustClusters:
  - { id: here, kind: local, workers: 1 }
  - { id: away, baseUrl: "http://127.0.0.1:1", accountId: acc, orgId: org, projectId: away, authToken: ${TOKENS.plugin} }
`;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Line = { readonly event: string; readonly level: number } & Record<string, unknown>;
const linesOf = (server: Server): Line[] =>
  server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);

/** Requests as callers make them that have mistaken where a token belongs. */
const leak = async ({ address }: Server): Promise<void> => {
  const { admin, team } = TOKENS;
  const headers = { authorization: `Bearer ${admin}` };
  for (const path of [`/v1/runs?q=${admin}`, `/v1/runs?unknown=${team}`, `/nowhere/${admin}`]) {
    await (await fetch(`${address}${path}`, { headers })).text();
  }
  const body = `{ "token": "${admin}"`;
  const type = { "content-type": "application/json" };
  const broken = { method: "POST", headers: { ...headers, ...type }, body };
  expect((await fetch(`${address}/v1/load-tests`, broken)).status).toBe(400);
  const socket = connect(Number(new URL(address).port), "127.0.0.1");
  socket.end(`GET / HTTP/1.1\r\nAuthorization: Bearer ${admin}\r\nbroken header\r\n\r\n`);
  await once(socket.resume(), "close");
};

test("the log tells a run from its creation to its settling, across a takeover, each line with an event and none with a token", async () => {
  const folder = newFolder();
  closers.push(() => removeFolder(folder));
  const shop = await startShop();
  closers.push(() => shop.close());
  const options = { python, dataDir: join(folder, "data"), config: CONFIG };
  const first = await startServer(options);
  closers.push(() => first.kill("SIGKILL"));
  const client = createClient({ baseUrl: first.address, token: TOKENS.team });
  const loadTestId = await defineShop(client, shop.url);
  const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 8 };
  const { id } = await client.createRun({ params: { loadTestId }, body });
  await running(client, id);
  await leak(first);
  await first.kill("SIGKILL");
  const second = await startServer(options);
  closers.push(() => second.kill("SIGKILL"));
  const again = createClient({ baseUrl: second.address, token: TOKENS.team });
  expect((await settled(again, id)).status).toBe("Finished");
  const isIdleAgain = (line: Line) =>
    line.event === "cluster_state_changed" &&
    line["clusterId"] === "here" &&
    line["from"] === "busy";
  await until("the cluster to be idle", () => linesOf(second).find(isIdleAgain));
  await second.kill("SIGTERM");

  const lines = [...linesOf(first), ...linesOf(second)];
  const info = lines.filter(({ level }) => level === 30);
  const ofRun = info.filter((line) => line["runId"] === id);
  expect(ofRun.map(({ event }) => event)).toEqual([
    "run_created",
    "run_starting",
    "run_started",
    "run_adopted",
    "run_stopping",
    "run_ended",
    "run_settled",
  ]);
  expect(ofRun[5]).toMatchObject({
    status: "Finished",
    reason: "duration_reached",
    clusterId: "here",
    loadTestId,
  });
  const ofServers = info.map(({ event }) => event).filter((event) => event.startsWith("server_"));
  expect(ofServers).toEqual([
    "server_started",
    "server_started",
    "server_stopping",
    "server_stopped",
  ]);
  const [started] = info;
  expect(started).toMatchObject({ event: "server_started", publicUrl: "https://load.example" });
  expect(info).toContainEqual(
    expect.objectContaining({ clusterId: "here", from: "busy", to: "idle" }),
  );
  expect(info).toContainEqual(expect.objectContaining({ clusterId: "away", to: "unreachable" }));
  const requests = lines.filter(({ event }) => event === "http_request");
  expect(requests).toContainEqual(
    expect.objectContaining({ level: 20, method: "GET", path: `/v1/runs/${id}`, status: 200 }),
  );
  expect(lines.filter(({ event }) => !/^[a-z]+(_[a-z]+)*$/.test(event))).toEqual([]);

  const runFolder = join(options.dataDir, "runs", id);
  const logs = readdirSync(runFolder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".log"))
    .map((name) => readFileSync(join(runFolder, name), "utf8"));
  expect(logs.length).toBeGreaterThan(0);
  const everything = [first.output(), second.output(), ...logs].join("\n");
  for (const token of Object.values(TOKENS)) expect(everything).not.toContain(token);
  // The bytes of a token, as Node writes a Buffer in JSON.
  expect(everything).not.toContain([...Buffer.from(TOKENS.admin)].join(","));
});
