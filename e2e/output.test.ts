import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@load-manager/contract/api/client.ts";
import { afterEach, describe, expect, test } from "vitest";
import { startShop } from "../examples/shop/shop.ts";
import {
  CLI,
  counted,
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  settled,
  until,
} from "./harness.ts";

const python = LOCUSTS[0]?.python ?? "python3";

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

type Reader = {
  readonly name: string;
  readonly stdio: () => "pipe" | number;
  /** Called once the server is ready. */
  readonly leave: (child: ChildProcess) => void;
};

const READERS: readonly Reader[] = [
  {
    name: "whose reader has gone",
    stdio: () => "pipe",
    leave: ({ stdout, stderr }) => {
      stdout?.destroy();
      stderr?.destroy();
    },
  },
  { name: "whose disk is full", stdio: () => openSync("/dev/full", "w"), leave: () => {} },
  { name: "whose reader hangs", stdio: () => "pipe", leave: ({ stdout }) => stdout?.resume() },
];

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

describe("a server that logs much", () => {
  test.each(READERS)(
    "to an output $name: it goes on working, and exits normally",
    async ({ stdio, leave }) => {
      const folder = newFolder();
      closers.push(() => removeFolder(folder));
      const dataDir = join(folder, "data");
      const config = join(folder, "load-manager.yaml");
      writeFileSync(config, "store: { kind: sqlite }\n");
      const port = await freePort();
      const shop = await startShop();
      closers.push(() => shop.close());
      const output = stdio();
      const args = [
        CLI,
        "serve",
        "--port",
        String(port),
        "--data-dir",
        dataDir,
        "--config",
        config,
      ];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, LOAD_MANAGER_PYTHON: python },
        stdio: ["ignore", output, output],
      });
      if (typeof output === "number") closeSync(output);
      closers.push(() => child.kill("SIGKILL"));
      const ended = new Promise((resolve) =>
        child.once("exit", (code, signal) => resolve(code ?? signal)),
      );
      const client = createClient({ baseUrl: `http://127.0.0.1:${port}` });
      await until("the server", () => client.getLiveness({}).catch(() => undefined));
      leave(child);

      const loadTestId = await defineShop(client, shop.url);
      const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 3 };
      const { id } = await client.createRun({ params: { loadTestId }, body });
      await running(client, id);
      // Each of these is a line of more than 20 kB in the log; a pipe holds 64 kB.
      writeFileSync(
        config,
        Array.from({ length: 300 }, (_, index) => `unknown${index}: 1\n`).join(""),
      );
      for (let round = 0; round < 12; round += 1) {
        child.kill("SIGHUP");
        await sleep(100);
      }
      const run = await settled(client, id);
      expect(run.status).toBe("Finished");
      expect(await counted(client, id)).toEqual(shop.counts(id));
      child.kill("SIGTERM");
      expect(await Promise.race([ended, sleep(20_000, "it has not ended")])).toBe(0);
      expectNoProcesses(dataDir);
    },
  );
});
