import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReloadAnswer } from "@load-manager/contract/reload.ts";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { createAccess, replaceableAccess } from "./access/access.ts";
import { createAttached } from "./clusters/attached.ts";
import { createLocal } from "./clusters/local/adapter.ts";
import { createOrphanReaper } from "./clusters/local/orphan-reaper.ts";
import { createRegistry } from "./clusters/registry.ts";
import type { Config, LoadedConfig } from "./config/load-config.ts";
import { createHttp } from "./http/app.ts";
import { createIdempotency, KEY_MS } from "./http/idempotency.ts";
import { adminHandlers } from "./http/handlers/admin.ts";
import { aroundHandlers } from "./http/handlers/system.ts";
import { loadTestHandlers } from "./http/handlers/load-tests.ts";
import { locustHandlers } from "./http/handlers/locust.ts";
import { numberHandlers } from "./http/handlers/run-metrics.ts";
import { runHandlers } from "./http/handlers/runs.ts";
import { scriptHandlers } from "./http/handlers/scripts.ts";
import { awakeOrAsleep, type Clock } from "./lib/clock.ts";
import { failpointsOf } from "./lib/failpoints.ts";
import { hostIdOf } from "./lib/host.ts";
import { messageOf } from "./lib/errors.ts";
import type { Ids } from "./lib/ids.ts";
import { createScriptChecker } from "./load-tests/check-script.ts";
import { createCompactor, type Compactor } from "./metrics/rollups/compactor.ts";
import { finalsOf, sequenceGaps, recentWindow } from "./metrics/live/run-aggregate.ts";
import { createIngest } from "./metrics/ingest/ingest.ts";
import { createRunAggregateCache } from "./metrics/live/run-aggregate-cache.ts";
import { createQueries } from "./metrics/query/queries.ts";
import { toSnapshot } from "./metrics/live/snapshot.ts";
import { createSnapshotStore } from "./metrics/ingest/snapshot-ingest.ts";
import { createReload } from "./reload/reload.ts";
import { commandsFor } from "./runs/commands/piggyback.ts";
import type { RunDeps } from "./runs/deps.ts";
import { refreshSummary } from "./runs/controller/settle.ts";
import { createLoop } from "./runs/controller/loop.ts";
import { createMembership, soleMember } from "./runs/ownership/membership.ts";
import type { Stores } from "./stores/ports.ts";
import { createStreams } from "./stream/streams.ts";
import { VERSION } from "./version.ts";

const SECONDS_A_DAY = 86_400;
const HOUR_MS = 3_600_000;
const HANDOVER_MS = 2000;

export type App = {
  readonly http: FastifyInstance;
  readonly runs: RunDeps;
  readonly compactor: Compactor;
  /** Takes over clusters and tokens from the configuration as it is now. */
  readonly reload: () => Promise<ReloadAnswer>;
  /** The address under which Locust reaches this server is known only once it listens. */
  readonly start: (address: string) => Promise<void>;
  /** Ends the looks and the answering; runs go on, and are found again. Stores stay open. */
  readonly close: () => Promise<void>;
};

/** The composition root: everything is wired here, and only here. */
export const createApp = (deps: {
  readonly config: Config;
  /** Reads the configuration again, for a reload. */
  readonly again?: (() => LoadedConfig) | undefined;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
}): App => {
  const { config, stores, clock, ids, log } = deps;
  let address = "";
  // Those that held before a reload come last: a plugin that was started with one still knows only that.
  let callbackTokens = config.security.locustCallbackToken;
  const callback = {
    callbackTokens: () => callbackTokens,
    callbackUrls: () =>
      config.server.callbackUrls.length > 0 ? config.server.callbackUrls : [address],
  };
  const runsFolder = join(config.store.dataDir, "runs");
  const clusters = createRegistry(
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
  const live = createRunAggregateCache(stores.metrics, stores.shared ? clock : undefined);
  const holder = ids.next();
  const membership = stores.shared
    ? createMembership({ leases: stores.leases, holder, clock, awakeOrAsleep, log })
    : soleMember(holder);
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log,
    retention: config.retention,
    keptRunIds: stores.runs.kept,
  });
  const ingest = createIngest({
    ...stores,
    live,
    oldestSecond: () =>
      Math.floor(clock.now() / 1000) - config.retention.secondsDays * SECONDS_A_DAY,
  });
  const queries = createQueries({ metrics: stores.metrics, live, clock });
  const runs: RunDeps = {
    stores,
    clusters,
    figures: {
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
    },
    clock,
    ids,
    log,
    membership,
    hostId: hostIdOf(config.store.dataDir, ids.next),
    limits: config.orchestrator,
    failpoint: failpointsOf(config.failpoint, (line) => log.warn(line)),
  };
  const loop = createLoop(runs);
  const orphanReaper = createOrphanReaper({
    runsFolder,
    store: stores.identity,
    isWanted: async (runId) => {
      const run = await stores.runs.get(runId);
      return run !== undefined && run.settledAt === undefined;
    },
    log,
  });
  const streams = createStreams({ stores, live, log });
  const notReady: string[] = ["the server is starting"];
  const accessOf = ({ apiToken, apiTokens, locustCallbackToken }: Config["security"]) =>
    createAccess({ apiToken, apiTokens, callbackTokens: locustCallbackToken });
  const access = replaceableAccess(accessOf(config.security));
  const reload = createReload({
    config,
    again: deps.again,
    registry: clusters,
    runs,
    setSecurity: (security) => {
      callbackTokens = [...new Set([...security.locustCallbackToken, ...callbackTokens])];
      access.replace(accessOf(security));
    },
    log,
  });
  const loadTests = {
    stores,
    clusters: clusters.configs,
    clock,
    ids,
    checkScript: createScriptChecker(config.python),
  };
  const http = createHttp({
    handlers: {
      ...loadTestHandlers(loadTests),
      ...scriptHandlers(loadTests),
      ...runHandlers({ runs, wake: loop.wake }),
      ...numberHandlers({ runs: stores.runs, queries, streams }),
      ...locustHandlers({ runs, wake: loop.wake }),
      ...adminHandlers({ reload }),
      ...aroundHandlers({ runs, version: VERSION, notReady: () => notReady }),
    },
    samples: async (bytes) => {
      const { run, ...answer } = await ingest.ingestBatch(bytes);
      streams.wake(run.id);
      await refreshSummary(runs, run);
      return { ...answer, commands: commandsFor(run) };
    },
    access,
    ids,
    idempotency: createIdempotency({ keys: stores.keys, clock, ids, membership }),
    log,
    version: VERSION,
  });
  let expiry: NodeJS.Timeout | undefined;
  return {
    http,
    runs,
    compactor,
    reload,
    start: async (listening) => {
      address = listening;
      await membership.start();
      notReady.length = 0;
      loop.start();
      orphanReaper.start();
      compactor.start();
      expiry = setInterval(() => {
        stores.keys.expire(clock.now() - KEY_MS).catch((error: unknown) => {
          log.warn({ error: messageOf(error) }, "old idempotency keys could not be taken away");
        });
      }, HOUR_MS);
    },
    close: async () => {
      clearInterval(expiry);
      notReady.push("the server is stopping");
      streams.stop();
      // A look that takes its time (a slow cluster) must not keep another server from taking over.
      await Promise.race([
        Promise.all([loop.stop(), orphanReaper.stop(), compactor.stop()]),
        sleep(HANDOVER_MS, undefined, { ref: false }),
      ]);
      await membership.stop({ leave: true });
      await http.close();
    },
  };
};
