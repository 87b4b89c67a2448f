import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@load-manager/contract/api/client.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { type Config, loadConfig } from "@load-manager/server/config/load-config.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { onSignal } from "@load-manager/server/lib/signals.ts";
import { startServer } from "@load-manager/server/server.ts";
import { pino } from "pino";
import { startShop } from "../../../examples/shop/shop.ts";
import { DEMO_SCOPE, saveDemoLoadTest } from "./demo-load-test.ts";
import { showResult } from "./result.ts";
import { withOwnToken } from "../runs/embedded.ts";
import { withLocust } from "../runs/locust.ts";
import { liveLine, processTerminal } from "../terminal/screen.ts";

type Options = {
  readonly users: number;
  readonly spawnRate: number;
  readonly duration: number;
  readonly port?: string;
  readonly dataDir?: string;
  readonly exit?: boolean;
};

const POLL_MS = 500;

const terminal = processTerminal();
const say = (line: string): void => terminal.write(`${line}\n`);

/** The demo runs on a local cluster, whatever else is configured, and has a token where the server requires one. */
const demoConfig = (options: Options): Config & { readonly clusterId: string } => {
  const { port, dataDir } = options;
  const config = withOwnToken(loadConfig({ port, dataDir }).config);
  const own = {
    id: "demo",
    kind: "local",
    scope: DEMO_SCOPE,
    maxConcurrentRuns: 1,
    workers: 2,
  } as const;
  const clusters = config.defaultCluster ? config.locustClusters : [...config.locustClusters, own];
  return { ...config, locustClusters: clusters, clusterId: clusters.at(-1)?.id ?? own.id };
};

/** Shows a run until it is settled; resolves with `undefined` after a second Ctrl-C. */
const follow = async (client: Client, runId: string, total: number, interrupts: () => number) => {
  const line = liveLine(terminal, Date.now);
  let stopAsked = false;
  for (;;) {
    if (interrupts() > 1) {
      line.done();
      return undefined;
    }
    if (interrupts() > 0 && !stopAsked) {
      stopAsked = true;
      line.done();
      say("Stopping the run; press Ctrl-C again to exit at once.");
      await client.stopRun({ params: { runId }, body: { reason: "Ctrl-C in the demo" } });
    }
    const run = await client.getRun({ params: { runId } });
    const startedAt = run.loadStartedAt ?? run.startedAt;
    const elapsed =
      startedAt === undefined ? 0 : ((run.finishedAt ?? Date.now()) - startedAt) / 1000;
    line.show({ status: run.status, elapsed, total, metrics: run.lastMetrics });
    if (isTerminal(run.status) && run.settledAt !== undefined) {
      line.done();
      return run;
    }
    await sleep(POLL_MS);
  }
};

const explain = (run: Pick<LoadTestRun, "status" | "statusReason">): void => {
  if (run.status === "Finished") return;
  say(`The run is ${run.status}: ${run.statusReason?.message ?? "the reason is unknown"}`);
  for (const text of run.statusReason?.logTail ?? []) say(`  ${text}`);
};

/** `load-manager demo`: server, shop and cluster in one process and its children, which have all ended when it resolves. */
export const demo = async (options: Options): Promise<void> => {
  let interrupts = 0;
  let wake = (): void => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const interrupt = (): void => {
    interrupts += 1;
    wake();
  };
  const releases = (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) =>
    onSignal(signal, interrupt),
  );
  const interrupted = (): boolean => interrupts > 0;

  const config = await withLocust(demoConfig(options));
  const log = pino({ level: "error" }, pino.destination({ fd: 2, sync: true }));
  const server = await startServer(config, log);
  const shop = await startShop();
  try {
    say(`Load Manager  ${server.address}  (API docs: ${server.address}/docs)`);
    say(`Demo shop     ${shop.url}`);
    if (interrupted()) return;
    const { apiToken } = config.security;
    const client = createClient({
      baseUrl: server.address,
      ...(apiToken === undefined ? {} : { token: apiToken }),
    });
    const loadTestId = await saveDemoLoadTest(client, config.clusterId, shop.url);
    if (interrupted()) return;
    const created = await client.createRun({
      params: { loadTestId },
      body: {
        targetUsers: options.users,
        spawnRate: options.spawnRate,
        durationSeconds: options.duration,
      },
    });
    say(`Run           ${created.name}: ${options.users} users, ${options.duration} s`);
    say("");
    const run = await follow(client, created.id, options.duration, () => interrupts);
    if (run === undefined) return;
    explain(run);
    if (run.status === "Failed") process.exitCode = 1;
    await showResult({ client, terminal, run, counted: shop.counts(run.id) });
    say(`${server.address}/runs/${run.id}`);
    const stay = options.exit !== true && process.stdin.isTTY && !interrupted();
    if (!stay) return;
    say("The server keeps running; press Ctrl-C to stop it.");
    await woken;
  } catch (error) {
    if (!(error instanceof AppError)) process.exitCode = 1;
    throw error;
  } finally {
    // No Locust process outlives the demo.
    try {
      await server.app.endLoad();
    } finally {
      await server.close();
      await shop.close();
      for (const release of releases) release();
    }
  }
};
