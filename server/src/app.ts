import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReloadAnswer } from "@load-manager/contract/reload.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createAccess, replaceableAccess } from "./access/access.ts";
import { createAttached } from "./clusters/attached.ts";
import { createLocal } from "./clusters/local/adapter.ts";
import { createOrphanReaper } from "./clusters/local/orphan-reaper.ts";
import { type ClusterRegistry, createRegistry } from "./clusters/registry.ts";
import type { Config, LoadedConfig } from "./config/load-config.ts";
import { createHttp } from "./http/app.ts";
import { clusterHandlers } from "./http/handlers/clusters.ts";
import { loadTestHandlers } from "./http/handlers/load-tests.ts";
import { locustHandlers } from "./http/handlers/locust.ts";
import { numberHandlers } from "./http/handlers/run-metrics.ts";
import { runHandlers } from "./http/handlers/runs.ts";
import { scopeHandlers } from "./http/handlers/scopes.ts";
import { systemHandlers } from "./http/handlers/system.ts";
import { createIdempotency, KEY_MS } from "./http/idempotency.ts";
import { awakeOrAsleep, type Clock } from "./lib/clock.ts";
import { failpointsOf } from "./lib/failpoints.ts";
import { hostIdOf } from "./lib/host.ts";
import type { Ids } from "./lib/ids.ts";
import { createPeriodic } from "./lib/periodic.ts";
import { createScriptChecker } from "./load-tests/check-script.ts";
import { finalsOf, recentWindow, sequenceGaps } from "./metrics/live/run-aggregate.ts";
import { createRunAggregateCache } from "./metrics/live/run-aggregate-cache.ts";
import { toSnapshot } from "./metrics/live/snapshot.ts";
import { createIngest } from "./metrics/ingest/ingest.ts";
import { createSnapshotStore } from "./metrics/ingest/snapshot-ingest.ts";
import { createQueries } from "./metrics/query/queries.ts";
import { type Compactor, createCompactor } from "./metrics/rollups/compactor.ts";
import type { RunMetrics } from "./metrics/run-metrics.ts";
import { createReload } from "./reload/reload.ts";
import { commandsFor } from "./runs/commands/piggyback.ts";
import { stopTestRun } from "./runs/commands/stop.ts";
import { createLoop } from "./runs/controller/loop.ts";
import { endAllLoad, refreshSummary } from "./runs/controller/settle.ts";
import { createRunWriter } from "./runs/journal/run-writer.ts";
import { createOwnership } from "./runs/ownership/leases.ts";
import { createMembership, soleMember } from "./runs/ownership/membership.ts";
import type { Stores } from "./stores/ports.ts";
import { createStreams } from "./stream/streams.ts";
import { VERSION } from "./version.ts";

const SECONDS_A_DAY = 86_400;
const HOUR_MS = 3_600_000;
const HANDOVER_MS = 2000;

export type App = {
  readonly http: FastifyInstance;
  readonly compactor: Compactor;
  /** This server's name in leases. */
  readonly holder: string;
  /** Runs that are not settled, oldest first. */
  readonly unsettledRuns: () => Promise<LoadTestRun[]>;
  readonly stopRun: (runId: string, by: string) => Promise<LoadTestRun>;
  /** Ends the load and the processes of every run that is not settled, without waiting for its stop. */
  readonly endLoad: () => Promise<void>;
  /** Takes over clusters and tokens from the configuration as it is now. */
  readonly reload: () => Promise<ReloadAnswer>;
  /** Starts the loops; `address` is where Locust reaches this server, known once it listens. */
  readonly start: (address: string) => Promise<void>;
  /** Ends loops and answers. Runs go on and are found again; the stores stay open. */
  readonly close: () => Promise<void>;
};

type Deps = {
  readonly config: Config;
  /** Reads the configuration again, for a reload. */
  readonly again?: (() => LoadedConfig) | undefined;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
};

/** Where and with which tokens Locust reaches this server; both change while it runs. */
const createCallback = (config: Config) => {
  let address = "";
  let tokens = config.security.locustCallbackToken;
  return {
    callbackTokens: (): readonly string[] => tokens,
    callbackUrls: (): readonly string[] =>
      config.server.callbackUrls.length > 0 ? config.server.callbackUrls : [address],
    setAddress: (next: string): void => {
      address = next;
    },
    /** Tokens of before a reload come last: a plugin that was started with one still knows only that. */
    addTokens: (next: readonly string[]): void => {
      tokens = [...new Set([...next, ...tokens])];
    },
  };
};
type Callback = ReturnType<typeof createCallback>;

const createClusters = (
  { config, stores }: Deps,
  callback: Callback,
  runsFolder: string,
): ClusterRegistry =>
  createRegistry(
    (cluster) =>
      cluster.kind === "attached"
        ? createAttached(cluster, callback)
        : createLocal(cluster, {
            ...callback,
            runsFolder,
            store: stores.identity,
            python: cluster.python ?? config.python,
          }),
    config.locustClusters,
  );

const createMetrics = ({ config, stores, clock, log }: Deps) => {
  const live = createRunAggregateCache(stores.metrics, stores.shared ? clock : undefined);
  const ingest = createIngest({
    ...stores,
    live,
    oldestSecond: () =>
      Math.floor(clock.now() / 1000) - config.retention.secondsDays * SECONDS_A_DAY,
  });
  const queries = createQueries({ metrics: stores.metrics, live, clock });
  const metrics: RunMetrics = {
    ingestBatch: ingest.ingestBatch,
    storeMetric: createSnapshotStore({ ...stores, live }),
    window: async (runId, seconds, lagSeconds) =>
      recentWindow(await live.of(runId), seconds, lagSeconds),
    requests: async (runId) => (await live.of(runId)).requests,
    finals: async (runId) => finalsOf(await live.of(runId)),
    gaps: async (runId) => sequenceGaps(await live.of(runId)),
    snapshot: async (run) => toSnapshot(await live.of(run.id), clock.now()),
    summary: queries.summaryOfRun,
    forget: live.forget,
  };
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log,
    retention: config.retention,
    keptRunIds: stores.runs.kept,
  });
  return { metrics, queries, live, ingest, compactor };
};

/** What the rooms of `runs/` share. */
const createRunServices = (
  { config, stores, clock, ids, log }: Deps,
  clusters: ClusterRegistry,
  metrics: RunMetrics,
) => {
  const { runs, events, loadTests, revisions, leases } = stores;
  const failpoint = failpointsOf(config.failpoint, (point) =>
    log.warn({ event: "failpoint", point }, "A failpoint was reached."),
  );
  const writer = createRunWriter({ runs, events, clock, failpoint });
  const holder = ids.next();
  const membership = stores.shared
    ? createMembership({ leases, holder, clock, awakeOrAsleep, log })
    : soleMember(holder);
  const ownership = createOwnership({
    membership,
    leases,
    runs,
    events,
    writer,
    clusters,
    clock,
    hostId: hostIdOf(config.store.dataDir, ids.next),
    sharedStore: stores.shared,
  });
  return {
    ...{ writer, membership, ownership, clusters, metrics, clock, ids, log, failpoint },
    ...{ runs, events, loadTests, revisions, metricStore: stores.metrics },
    limits: config.orchestrator,
  };
};

/** The composition root: everything is wired here, and only here. */
export const createApp = (deps: Deps): App => {
  const { config, stores, clock, ids, log } = deps;
  const callback = createCallback(config);
  const runsFolder = join(config.store.dataDir, "runs");
  const clusters = createClusters(deps, callback, runsFolder);
  const { metrics, queries, live, ingest, compactor } = createMetrics(deps);
  const services = createRunServices(deps, clusters, metrics);
  const { runs, ownership, membership } = services;
  const loop = createLoop(services);
  const orphanReaper = createOrphanReaper({
    runsFolder,
    store: stores.identity,
    isWanted: async (runId) => {
      const run = await runs.get(runId);
      return run !== undefined && run.settledAt === undefined;
    },
    log,
  });
  const streams = createStreams({ stores, live, log });
  const keyExpiry = createPeriodic({
    name: "idempotency_key_expiry",
    intervalMs: HOUR_MS,
    job: () => stores.keys.expire(clock.now() - KEY_MS),
    log,
  });
  const accessOf = ({ apiToken, apiTokens, locustCallbackToken }: Config["security"]) =>
    createAccess({ apiToken, apiTokens, callbackTokens: locustCallbackToken });
  const access = replaceableAccess(accessOf(config.security));
  const reload = createReload({
    ...{ config, again: deps.again, registry: clusters, runs, ownership, log },
    setSecurity: (security) => {
      callback.addTokens(security.locustCallbackToken);
      access.replace(accessOf(security));
    },
  });
  const checkScript = createScriptChecker(config.python);
  const notReady: string[] = ["the server is starting"];
  const http = createHttp({
    handlers: {
      ...loadTestHandlers({ stores, clusters: clusters.configs, clock, ids, checkScript }),
      ...runHandlers(services, loop.wake),
      ...numberHandlers({ runs, queries, streams }),
      ...locustHandlers(services, loop.wake),
      ...clusterHandlers(services),
      ...scopeHandlers(services),
      ...systemHandlers({
        ...{ stores, clusters, ownership, version: VERSION, reload },
        notReady: () => notReady,
      }),
    },
    samples: async (bytes) => {
      const { run, ...answer } = await ingest.ingestBatch(bytes);
      streams.wake(run.id);
      await refreshSummary(services, run);
      return { ...answer, commands: commandsFor(run) };
    },
    idempotency: createIdempotency({ keys: stores.keys, clock, ids, membership }),
    ...{ access, ids, log, version: VERSION },
  });
  const jobs = [loop, orphanReaper, compactor, keyExpiry];
  return {
    ...{ http, compactor, holder: ownership.holder, unsettledRuns: runs.unsettled, reload },
    stopRun: (runId, by) => stopTestRun(services, runId, { name: by }),
    endLoad: () => endAllLoad(services),
    start: async (listening) => {
      callback.setAddress(listening);
      await membership.start();
      notReady.length = 0;
      for (const job of jobs) job.start();
    },
    close: async () => {
      notReady.push("the server is stopping");
      streams.stop();
      // A pass that takes long, because of a slow cluster, must not keep another server from taking over.
      await Promise.race([
        Promise.all(jobs.map((job) => job.stop())),
        sleep(HANDOVER_MS, undefined, { ref: false }),
      ]);
      await membership.stop({ leave: true });
      await http.close();
    },
  };
};
