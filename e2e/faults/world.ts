import { appendFileSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { MongoClient } from "mongodb";
import { afterEach, expect } from "vitest";
import { startShop } from "../../examples/shop/shop.ts";
import {
  counted,
  eventsOf,
  expectNoProcesses,
  LOCUSTFILE,
  newFolder,
  removeFolder,
  SCOPE,
  type Server,
  settled,
  startServer,
} from "../harness.ts";

const MONGO = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];
/** `npm run test:faults` sets it: every row on every store. Otherwise only the quick rows run. */
export const ALL_FAULTS = process.env["LOAD_MANAGER_FAULTS"] === "all";
export type Store = "sqlite" | "mongodb";
export const STORES: Store[] = [
  "sqlite",
  ...(MONGO !== undefined && ALL_FAULTS ? (["mongodb"] as const) : []),
];

const TERMINAL = ["Finished", "Stopped", "Failed"];

/** Counts the starts of each run as the script in Locust reports them, independently of Load Manager's own records. */
const startWitness = async () => {
  const starts = new Map<string, number>();
  const server = createServer((request, response) => {
    const run = new URL(request.url ?? "/", "http://w").searchParams.get("run") ?? "";
    starts.set(run, (starts.get(run) ?? 0) + 1);
    response.end("ok");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    of: (runId: string): number => starts.get(runId) ?? 0,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};

const withWitness = (url: string): string => `${LOCUSTFILE}

import urllib.request
from locust import events
from locust.runners import MasterRunner


@events.test_start.add_listener
def report_to_witness(environment, **_kwargs):
    if isinstance(environment.runner, MasterRunner):
        run = getattr(environment, "load_manager_run_id", None)
        urllib.request.urlopen("${url}/started?run=%s" % run, timeout=5).read()
`;

/** The longest time that load ran past its deadline in this test, as the shop saw it; below 0 if it ended before. */
let outlivedMs = Number.NEGATIVE_INFINITY;
const open: { readonly close: () => Promise<void> }[] = [];
let databases = 0;

afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
  outlivedMs = Number.NEGATIVE_INFINITY;
});

/** A shop that counts requests, a witness that counts starts, and servers on one store; all are closed after the test. */
export const openWorld = async (store: Store, python: string) => {
  const folder = newFolder();
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { recursive: true });
  const database = `load_manager_fault_${process.pid}_${(databases += 1)}`;
  const shop = await startShop();
  const witness = await startWitness();
  const servers: Server[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const storeConfig = (uri = MONGO): string =>
    store === "sqlite"
      ? "store: { kind: sqlite }\n"
      : `store: { kind: mongodb }\nmongodb: { uri: "${uri}", database: "${database}" }\n`;

  const world = {
    store,
    dataDir,
    folder,
    shop,
    witness,
    locustfile: withWitness(witness.url),
    storeConfig,
    /** Run in reverse order after the servers have ended. */
    closers,
    serve: async (
      options: {
        readonly failpoint?: string;
        readonly config?: string;
        readonly port?: number;
        readonly env?: Record<string, string>;
      } = {},
    ): Promise<Server> => {
      const server = await startServer({
        python,
        dataDir,
        config: options.config ?? storeConfig(),
        ...(options.port === undefined ? {} : { port: options.port }),
        env: {
          ...options.env,
          ...(options.failpoint === undefined ? {} : { LM_FAILPOINT: options.failpoint }),
        },
      });
      servers.push(server);
      return server;
    },
    define: async ({ client }: Server, more: object = {}): Promise<string> =>
      (
        await client.createLoadTest({
          body: {
            ...SCOPE,
            name: "Shop",
            targetUrl: shop.url,
            locustfile: withWitness(witness.url),
            ...more,
          },
        })
      ).id,
    /** Whether the run is in the store, even if the API does not show it any more. */
    stored: async (runId: string): Promise<boolean> => {
      if (store === "sqlite") {
        const db = new Database(join(dataDir, "control.db"), { readonly: true });
        const row = db.prepare("SELECT 1 FROM load_test_runs WHERE id = ?").get(runId);
        db.close();
        return row !== undefined;
      }
      const client = new MongoClient(MONGO ?? "");
      const count = await client
        .db(database)
        .collection<{ _id: string }>("load_test_runs")
        .countDocuments({ _id: runId });
      await client.close();
      return count > 0;
    },
    /** Deletes the run from the store without the servers. */
    forget: async (runId: string): Promise<void> => {
      if (store === "sqlite") {
        const db = new Database(join(dataDir, "control.db"));
        const gone = db.prepare("DELETE FROM load_test_runs WHERE id = ?").run(runId);
        expect(gone.changes).toBe(1);
        db.close();
        return;
      }
      const client = new MongoClient(MONGO ?? "");
      const runs = client.db(database).collection<{ _id: string }>("load_test_runs");
      expect((await runs.deleteOne({ _id: runId })).deletedCount).toBe(1);
      await client.close();
    },
    /**
     * Waits for the end of the run and compares it with the witnesses: one end, one start, and (unless the fault may lose
     * metrics: `exact: false`) the shop's own counts.
     */
    verify: async (
      server: Server,
      runId: string,
      expected: { readonly status: string; readonly code?: string; readonly exact?: boolean },
    ) => {
      const run = await settled(server.client, runId, 120);
      const ends = (await eventsOf(server.client, runId)).filter(
        ({ type, data }) => type === "status" && TERMINAL.some((status) => status === data?.["to"]),
      );
      expect(ends.map(({ data }) => data?.["to"])).toEqual([expected.status]);
      expect(run.status).toBe(expected.status);
      if (expected.code !== undefined) expect(run.statusReason?.code).toBe(expected.code);
      if (run.startedAt === undefined) expect(witness.of(runId)).toBeLessThanOrEqual(1);
      else expect(witness.of(runId)).toBe(1);
      if (run.startedAt !== undefined && run.durationSeconds !== undefined) {
        const deadline = run.startedAt + run.durationSeconds * 1000;
        outlivedMs = Math.max(outlivedMs, (shop.lastAt(runId) ?? 0) - deadline);
      }
      if (expected.exact !== false) {
        expect(await counted(server.client, runId)).toEqual(shop.counts(runId));
      }
      return run;
    },
    close: async (): Promise<void> => {
      for (const server of servers) {
        server.child.kill("SIGCONT");
        await server.kill("SIGTERM");
      }
      for (const closer of closers.toReversed()) await closer();
      await shop.close();
      await witness.close();
      expectNoProcesses(dataDir);
      removeFolder(folder);
      if (store !== "mongodb" || MONGO === undefined) return;
      const client = new MongoClient(MONGO);
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
  open.push(world);
  return world;
};

/** Writes one row of the table in docs/reliability.md, if LOAD_MANAGER_FAULTS_OUT names a file. */
export const note = (line: {
  readonly row: number;
  readonly fault: string;
  readonly store: Store;
  readonly detectedMs?: number;
  readonly recoveredMs?: number;
}): void => {
  const file = process.env["LOAD_MANAGER_FAULTS_OUT"];
  if (file === undefined) return;
  // A test that gets here has checked that no run was lost or started twice.
  const outlived = Number.isFinite(outlivedMs) ? { outlivedMs } : {};
  appendFileSync(file, `${JSON.stringify({ ...line, ...outlived, lost: 0, double: 0 })}\n`);
};
